/** What the app asked for inside one `write`, in order; nothing is checked yet. */
export type Intent =
  | {
      readonly kind: 'create';
      readonly collection: string;
      readonly record: string;
      readonly values: Readonly<Record<string, unknown>>;
    }
  | {
      readonly kind: 'update';
      readonly collection: string;
      readonly record: string;
      readonly values: Readonly<Record<string, unknown>>;
      /** Values that are already there count as changed too. */
      readonly confirm: boolean;
    }
  | { readonly kind: 'delete'; readonly collection: string; readonly record: string }
  | { readonly kind: 'command'; readonly name: string; readonly args: Readonly<Record<string, unknown>> };
