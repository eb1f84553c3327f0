/** After a service has refused a form: to the first field that it names. */
import { useEffect, type RefObject } from "react";

export function useFocusWrong(form: RefObject<HTMLFormElement | null>, error: unknown): void {
  useEffect(() => {
    if (error !== undefined) form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [form, error]);
}
