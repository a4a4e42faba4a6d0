import { cx } from "@/lib/cx";
import { formatMoney } from "@/lib/format";

/** Money that may be lost; a dash while there is no price to reckon it by. */
export function Money({ value }: { value: number | null }) {
  if (value === null) return <span className="text-muted">–</span>;
  return <span className={cx(value < 0 && "text-danger")}>{formatMoney(value)}</span>;
}
