import { useState } from 'preact/hooks';

/** A function that draws the component again, for what it shows from outside its state. */
export function useRedraw(): () => void {
  const [, setTurn] = useState(0);
  return () => setTurn((turn) => turn + 1);
}
