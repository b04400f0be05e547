/** The real servers that the tests start: found, or installed with apt as root on Debian, or asked for. */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

const NEEDED: readonly { program: string; debian: string; places?: string }[] = [
  { program: "redis-server", debian: "redis-server" },
  { program: "nginx", debian: "nginx" },
  { program: "ngx_mail_module.so", debian: "libnginx-mod-mail", places: "/usr/lib/nginx/modules" },
  { program: "nats-server", debian: "nats-server" },
  { program: "openssl", debian: "openssl" },
  { program: "promtool", debian: "prometheus" },
  { program: "chromium-headless-shell", debian: "chromium-headless-shell" },
  { program: "initdb", debian: "postgresql", places: "/usr/lib/postgresql/*/bin" },
  { program: "named", debian: "bind9" },
  { program: "dnssec-signzone", debian: "bind9-utils" },
  { program: "dockerd", debian: "docker.io" },
  // The program is called busybox in another package, too; this one needs no libraries.
  { program: "busybox-static", debian: "busybox-static", places: "/usr/share/doc" },
  { program: "check_load", debian: "monitoring-plugins-basic", places: "/usr/lib/nagios/plugins" },
];
/** Tells Debian's packages not to start their services: the tests start their own. */
const POLICY = "/usr/sbin/policy-rc.d";

/** Ends the process with what to install when something is missing and can't be installed. */
export function ensureServers(): void {
  const missing = NEEDED.filter((each) => !isThere(each.program, each.places));
  if (missing.length === 0) return;
  const packages = missing.map((each) => each.debian);
  console.log(`installing ${packages.join(", ")}`);
  if (process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) install(packages);
  const still = NEEDED.filter((each) => !isThere(each.program, each.places));
  if (still.length === 0) return;
  console.error(`the tests need ${still.map((each) => each.program).join(", ")}: install ${packages.join(", ")}`);
  process.exit(1);
}

function isThere(program: string, places?: string): boolean {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  const found = places === undefined ? folders : globSync(places);
  return found.some((folder) => existsSync(join(folder, program)));
}

function install(packages: readonly string[]): void {
  const ours = !existsSync(POLICY);
  if (ours) writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const options = { stdio: "inherit", env } as const;
  try {
    spawnSync("apt-get", ["update", "-q"], options);
    spawnSync("apt-get", ["install", "-y", "-q", "--no-install-recommends", ...packages], options);
  } finally {
    if (ours) rmSync(POLICY);
  }
}
