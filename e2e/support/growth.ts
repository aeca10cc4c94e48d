/**
 * States through which an answer or an upload goes at least, where it is passed on piece by piece. Whatever holds it to its end shows
 * one state, or two with the empty one. More would judge the machine: tokens that arrive together share a chunk, and a busy browser
 * shows several at once.
 */
export const grownStates = 5
