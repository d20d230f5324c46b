export interface Column {
  key: string
  label: string
  numeric?: boolean
  width?: string
  /** The head line of a card on the phone. */
  lead?: boolean
  /** Upper right corner of a card on the phone. */
  corner?: boolean
}
