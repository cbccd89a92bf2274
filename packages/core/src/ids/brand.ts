/** A string that only its own constructor makes, so that one kind of id cannot stand for another. */
export type Brand<T, Name extends string> = T & { readonly __brand: Name };
