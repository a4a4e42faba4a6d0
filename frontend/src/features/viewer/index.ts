export { EvidencePanel } from "./EvidencePanel";
export { closeEvidence, openEvidence, type Evidence } from "./evidence";
export { viewerSearch } from "./search";
