export { EvidencePanel } from "./EvidencePanel";
export { closeEvidence, openEvidence, useEvidence, type Evidence } from "./evidence";
export { viewerSearch } from "./search";
