/**
 * Strongly connected components of a directed graph (Tarjan 1972). It uses no recursion, because a chain of nodes may
 * be long.
 */

interface Frame {
  node: number;
  next: Iterator<number>;
}

/**
 * Returns the nodes of each component. A component comes after all components that it points to. The run time is linear
 * in nodes and edges.
 */
export function components(nodes: readonly number[], targetsOf: (node: number) => readonly number[]): number[][] {
  const index = new Map<number, number>();
  const low = new Map<number, number>();
  const open: number[] = [];
  const isOpen = new Set<number>();
  const groups: number[][] = [];

  const enter = (node: number): Frame => {
    low.set(node, index.size);
    index.set(node, index.size);
    open.push(node);
    isOpen.add(node);
    return { node, next: targetsOf(node)[Symbol.iterator]() };
  };
  const lower = (node: number, to: number | undefined) => {
    low.set(node, Math.min(low.get(node) ?? 0, to ?? Number.POSITIVE_INFINITY));
  };
  const close = (node: number) => {
    if (low.get(node) !== index.get(node)) return;
    const group = open.splice(open.lastIndexOf(node));
    for (const member of group) isOpen.delete(member);
    groups.push(group.sort((a, b) => a - b));
  };

  for (const root of nodes) {
    if (index.has(root)) continue;
    const frames = [enter(root)];
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      const { done, value } = frame.next.next();
      if (!done) {
        if (!index.has(value)) frames.push(enter(value));
        else if (isOpen.has(value)) lower(frame.node, index.get(value));
        continue;
      }
      frames.pop();
      close(frame.node);
      const parent = frames.at(-1);
      if (parent !== undefined) lower(parent.node, low.get(frame.node));
    }
  }
  return groups;
}
