export { askedQuery, FirstQuestions } from "./FirstQuestions";
export { Welcome } from "./Welcome";
export { sampleQuestions } from "./samples";
