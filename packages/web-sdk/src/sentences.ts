export { explainRefusal, type Judged } from './explain-refusal.js'
export { sentenceOfRefusal, sentenceOfStep } from './sentence-of-step.js'
