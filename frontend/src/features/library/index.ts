export { DropZone } from "./DropZone";
export { librarySearch } from "./search";
export { addUploads, useUploading } from "./uploads";
export { DocumentIcon, StatusBadge } from "./marks";
