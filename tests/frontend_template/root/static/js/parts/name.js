export const name = "you";
