// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
const UNSAFE = /[\u0000-\u001f\u007f]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

/** Text made from what a request holds, short and such that every store and log can take it. */
export function safeText(text: string): string {
  return text.slice(0, 500).replace(UNSAFE, '\ufffd');
}

/** Can every store and log take this text as it is? */
export function isSafeText(text: string): boolean {
  return text.search(UNSAFE) < 0;
}
