/*
 * The console's commands: a letter and Enter each.
 */
#ifndef APP_COMMANDS_H
#define APP_COMMANDS_H

/* Carry out what was entered since the last call, if anything. */
void commands_step(void);

#endif
