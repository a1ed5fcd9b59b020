/** Whether a file's first line is one of a capture. */
export function isCaptureLine(line: string): boolean {
  const head = line.slice(0, 400);
  return (
    head.startsWith('{') &&
    /"t"\s*:\s*\d/.test(head) &&
    /"connection"\s*:\s*\d/.test(head) &&
    /"way"\s*:\s*"to_(?:relay|client)"/.test(head)
  );
}
