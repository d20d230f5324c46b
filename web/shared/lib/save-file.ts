/** Hands bytes to the browser's downloads. */
export function saveFile(name: string, bytes: Blob): void {
  const a = document.createElement('a')
  a.href = URL.createObjectURL(bytes)
  a.download = name
  a.click()
  window.setTimeout(() => URL.revokeObjectURL(a.href), 60_000)
}
