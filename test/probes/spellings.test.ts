/** A secret is found in whatever a target makes of it. */
import { describe, expect, it } from "vitest";
import { Secrets } from "../../src/probes/secrets.ts";
import { Spellings } from "../../src/probes/spellings.ts";

const SECRET = 'hunter2 "ünï" a/b\\c&<d>%25+✓🔑';
const bytes = (text: string) => [...new TextEncoder().encode(text)];
const base64 = (text: string) => btoa(String.fromCharCode(...bytes(text)));
const hex = (text: string) =>
  bytes(text)
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
const every = (text: string, write: (code: number) => string) =>
  Array.from({ length: text.length }, (_none, index) => write(text.charCodeAt(index))).join("");
const ascii = (text: string) =>
  JSON.stringify(text)
    .slice(1, -1)
    .replace(/[^ -~]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
const entities = (text: string) =>
  text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign] ?? sign);

const WAYS: Record<string, (text: string) => string> = {
  "as it is": (text) => text,
  "in upper case": (text) => text.toUpperCase(),
  "percent-encoded": encodeURIComponent,
  "percent-encoded in lower case": (text) => encodeURIComponent(text).replace(/%../g, (code) => code.toLowerCase()),
  "as a form": (text) => encodeURIComponent(text).replaceAll("%20", "+"),
  "percent-encoded twice": (text) => encodeURIComponent(encodeURIComponent(text)),
  "every byte percent-encoded": (text) =>
    bytes(text)
      .map((byte) => `%${byte.toString(16).padStart(2, "0")}`)
      .join(""),
  "as JSON": (text) => JSON.stringify(text).slice(1, -1),
  "as JSON in JSON": (text) => JSON.stringify(JSON.stringify(text)).slice(3, -3),
  "as JSON of ASCII": ascii,
  "as JSON with slashes escaped": (text) => JSON.stringify(text).slice(1, -1).replaceAll("/", "\\/"),
  "every unit escaped": (text) => every(text, (code) => `\\u${code.toString(16).padStart(4, "0").toUpperCase()}`),
  "as HTML": entities,
  "as HTML of numbers": (text) => Array.from(text, (sign) => `&#${sign.codePointAt(0)};`).join(""),
  "as HTML of hex numbers": (text) => Array.from(text, (sign) => `&#x${sign.codePointAt(0)?.toString(16)};`).join(""),
  "in hex": hex,
  "in base64": base64,
  "in base64 after one byte": (text) => base64(`a${text}`).slice(1),
  "in base64 after two bytes": (text) => base64(`ab${text}`).slice(2),
  "in base64 between others": (text) => base64(`user:${text}@host`).slice(5, -6),
  "in base64 of addresses": (text) => base64(text).replaceAll("+", "-").replaceAll("/", "_"),
  "in base64 in JSON": (text) => base64(text).replaceAll("/", "\\/"),
  "in base64 in an address": (text) => encodeURIComponent(base64(text)),
  "as Latin-1": (text) => String.fromCharCode(...bytes(text)),
};
const SECRETS = [SECRET, "hunter2", "a\\\\b\\", "100%", "%%25%2525", "päss", "0123456789".repeat(30), "$& $1 $` ${x}"];

describe.each(Object.entries(WAYS))("%s", (_name, write) => {
  it.each(SECRETS)("%j is found whole, and what stands around it stays", (secret) => {
    const told = `before ${write(secret)} after`;
    const left = new Spellings(secret).replace(told, "X");
    expect(left).toMatch(/^before \S*X\S* after$/);
    expect(left.length).toBeLessThanOrEqual("before X after".length + 6);
  });
});

describe("a part of a secret", () => {
  it("is found when it is a beginning of sixteen characters, wherever the text ends", () => {
    const long = "0123456789abcdefghijklmnopqrstuvwxyz";
    for (const write of [WAYS["as it is"], WAYS["every unit escaped"], WAYS["every byte percent-encoded"]]) {
      for (const length of [16, 17, 30]) {
        expect(new Spellings(long).replace(`<${write?.(long.slice(0, length))}>`, "X")).toBe("<X>");
      }
    }
  });

  it("of fewer characters is an ordinary text, so nobody learns of it by writing it", () => {
    expect(new Spellings("0123456789abcdefghij").replace("0123456789abcde, ", "X")).toBe("0123456789abcde, ");
  });
});

describe("a JSON document", () => {
  const secrets = new Secrets(() => undefined);
  secrets.hide("123456", "PIN");
  secrets.hide('a"b\\c', "ODD");

  it("stays one, with the secrets removed from its texts, keys and numbers", () => {
    const told = JSON.stringify({
      a: 'x a"b\\c',
      '123456"': [99_123_456, "1\u0032", true, null],
      deep: { n: 123_456 },
    });
    expect(JSON.parse(secrets.redactJson(told))).toEqual({
      a: "x ${ODD}",
      '${PIN}"': ["99${PIN}", "12", true, null],
      deep: { n: "${PIN}" },
    });
    expect(JSON.parse(secrets.redactJson('{"a":"\\u0031\\u00323456"}'))).toEqual({ a: "${PIN}" });
  });

  it("that holds none, or is none, is left alone", () => {
    for (const text of ['{"a": 1}', '{"a": "\\u0031"}', '{"a', "", '"\\', "[".repeat(100_000)]) {
      expect(secrets.redactJson(text)).toBe(text);
    }
  });

  it("is read in a moment, however long a text in it is", () => {
    const text = JSON.stringify({ a: "\\".repeat(500_000), b: "1".repeat(400_000) });
    expect(secrets.redactJson(text)).toBe(text);
    for (const part of ["\\", '\\"', "%25", "&amp;", "12345", "a", 'a\\\\"', "&#0"]) {
      const long = `"${part.repeat(1_000_000 / part.length)}`;
      for (const cut of [long, `${long}\\`]) expect(secrets.redactJson(cut).length).toBe(cut.length);
    }
  });
});

it("the end of a beginning is left out, whatever it says", () => {
  const secrets = new Secrets(() => undefined);
  secrets.hide("abcdef", "S");
  expect(secrets.redactBeginning(`${"x".repeat(100)}abc`)).toBe("x".repeat(13));
  expect(secrets.redactBeginning("abc")).toBe("");
  expect(new Secrets(() => undefined).redactBeginning("abc")).toBe("abc");
});

describe("a text before a secret that was sent with it", () => {
  const secret = "hunter2x";
  const sent = (text: string) => {
    const secrets = new Secrets(() => secret);
    secrets.resolve(text);
    return secrets;
  };

  it("shows where the secret begins, however soon it is cut", () => {
    const secrets = sent("please AUTH ${PROBE_SECRET_S}\r\n");
    for (const part of ["h", "hunt", "hunter2"]) {
      expect(secrets.redact(`no "please AUTH ${part}"\nAUTH`)).toBe('no "please AUTH ${PROBE_SECRET_S}\nAUTH');
    }
    expect(secrets.redact(`Please%20AUTH%20hun, x\r\nbye`)).toBe("Please%20AUTH%20${PROBE_SECRET_S}\r\nbye");
  });

  it("hides as much whatever comes after the first letter, so that no guess is answered", () => {
    const secrets = sent("AUTH ${PROBE_SECRET_S}");
    const told = ["hunter2", "hunt", "hanter2"].map((guess) => secrets.redact(`AUTH ${guess} is wrong`));
    expect(new Set(told)).toEqual(new Set(["AUTH ${PROBE_SECRET_S}"]));
  });

  it("leaves what follows a whole secret, and what is no beginning of it", () => {
    const secrets = sent("AUTH ${PROBE_SECRET_S}");
    expect(secrets.redact(`AUTH ${secret} is wrong`)).toBe("AUTH ${PROBE_SECRET_S} is wrong");
    expect(secrets.redact("AUTH <password> is missing")).toBe("AUTH <password> is missing");
  });

  it("is of its own line, and may hold another secret", () => {
    expect(sent("AUTH\r\n${PROBE_SECRET_S}").redact("AUTH h\nh")).toBe("AUTH h\nh");
    expect(sent("${PROBE_SECRET_S} ${PROBE_SECRET_S}").redact(`${secret} hun`)).not.toContain("hun");
  });
});

it("what may go on as a secret is left open at the end of a text", () => {
  const secrets = new Secrets(() => undefined);
  secrets.hide("hunter2x", "S");
  expect(secrets.redactSoFar("it is hunt")).toEqual({ known: "it is ", open: "hunt" });
  expect(secrets.redactSoFar("hunter2x, %68unt")).toEqual({ known: "${S}, ", open: "%68unt" });
  for (const text of ["it is hun", "hunted", "hunt ", ""]) {
    expect(secrets.redactSoFar(text)).toEqual({ known: text, open: "" });
  }
});
