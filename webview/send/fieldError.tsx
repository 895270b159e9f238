import type { JSX } from 'preact';

/** Stands there also while it is empty: a live region is read out when its text changes. */
export function FieldError({ id, text }: { readonly id: string; readonly text: string | undefined }): JSX.Element {
  return (
    <p id={id} role="alert" class="error field-error">
      {text}
    </p>
  );
}
