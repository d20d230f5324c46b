export interface Column {
  key: string
  label: string
  numeric?: boolean
  width?: string
  /** Name of the order this heading asks for. */
  sort?: string
  /** The head line of a card on the phone. */
  lead?: boolean
  /** Upper right corner of a card on the phone. */
  corner?: boolean
}
