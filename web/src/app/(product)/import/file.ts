/** A file as the server takes it: its bytes in base64, which keeps every encoding right. */
export async function asBase64(file: Blob): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const parts: string[] = [];
  const step = 0x8000;
  for (let start = 0; start < bytes.length; start += step) {
    parts.push(String.fromCharCode(...bytes.subarray(start, start + step)));
  }
  return btoa(parts.join(""));
}

/** Columns are guessed for text tables only; every other format says itself what it is. */
export function isTable(name: string): boolean {
  return /\.(csv|tsv|txt)$/i.test(name);
}
