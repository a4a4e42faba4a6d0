import { ArrowDown, ArrowUp, Trash2 } from "lucide-react";
import { IconButton } from "@/components/Button";

interface RowButtonsProps {
  /** Names the row for readers: `field 2`. */
  row: string;
  isFirst: boolean;
  isLast: boolean;
  onMove: (by: 1 | -1, focus: string) => void;
  onRemove: () => void;
}

export function RowButtons({ row, isFirst, isLast, onMove, onRemove }: RowButtonsProps) {
  return (
    <div className="flex">
      <IconButton
        icon={ArrowUp}
        size="sm"
        label={`Move ${row} up`}
        data-move="up"
        disabled={isFirst}
        onClick={() => onMove(-1, "[data-move=up]")}
      />
      <IconButton
        icon={ArrowDown}
        size="sm"
        label={`Move ${row} down`}
        data-move="down"
        disabled={isLast}
        onClick={() => onMove(1, "[data-move=down]")}
      />
      <IconButton icon={Trash2} size="sm" label={`Remove ${row}`} onClick={onRemove} />
    </div>
  );
}
