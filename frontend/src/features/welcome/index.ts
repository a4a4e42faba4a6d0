export { FirstQuestions } from "./FirstQuestions";
export { Welcome } from "./Welcome";
