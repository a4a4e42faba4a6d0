/**
 * Puts text on the clipboard; false where the browser does not let a page do so. Over plain HTTP from another host
 * there is no `navigator.clipboard`: what a selection does on the command to copy is left, old as it is.
 */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

function copyBySelection(text: string): boolean {
  let copied = false;
  const give = (event: ClipboardEvent) => {
    event.preventDefault();
    event.clipboardData?.setData("text/plain", text);
    copied = event.clipboardData !== null;
  };
  // Something has to be selected, though it is not what is copied. It takes no focus, which a dialog would take back.
  const something = document.createElement("span");
  something.textContent = "text";
  something.className = "sr-only select-text";
  document.body.append(something);
  selectText(something);
  document.addEventListener("copy", give);
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way without a secure context
  const done = document.execCommand("copy");
  document.removeEventListener("copy", give);
  something.remove();
  return done && copied;
}

/** Selects what an element says, for the person to copy. */
export function selectText(element: Element): void {
  window.getSelection()?.selectAllChildren(element);
}
