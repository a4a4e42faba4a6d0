export { nextPath, signInSearch } from "./search";
export { SessionExpired } from "./SessionExpired";
