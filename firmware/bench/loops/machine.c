/* Dispatch: an interpreter with a dense switch, state machines, tables of functions, variable argument counts. */
#include <stdarg.h>

#include "bench/loops/programs.h"

enum op { PUSH, ADD, SUB, MUL, XOR, DUP, SWAP, DROP, JUMP_IF, ROTATE, STORE, LOAD, CALL, RETURN, END };

static uint32_t interpret(const uint8_t *code, uint32_t limit) {
    uint32_t stack[32], calls[8], memory[8] = {0};
    uint32_t top = 0, depth = 0, pc = 0;
    stack[0] = 1;
    while (limit--) {
        const uint8_t op = code[pc++];
        switch (op) {
        case PUSH:
            stack[++top & 31] = code[pc++];
            break;
        case ADD:
            top--;
            stack[top & 31] += stack[(top + 1) & 31];
            break;
        case SUB:
            top--;
            stack[top & 31] -= stack[(top + 1) & 31];
            break;
        case MUL:
            top--;
            stack[top & 31] *= stack[(top + 1) & 31] | 1;
            break;
        case XOR:
            top--;
            stack[top & 31] ^= stack[(top + 1) & 31];
            break;
        case DUP:
            stack[(top + 1) & 31] = stack[top & 31];
            top++;
            break;
        case SWAP: {
            const uint32_t old = stack[top & 31];
            stack[top & 31] = stack[(top - 1) & 31];
            stack[(top - 1) & 31] = old;
            break;
        }
        case DROP:
            top--;
            break;
        case JUMP_IF:
            pc = stack[top-- & 31] & 7 ? code[pc] : pc + 1;
            break;
        case ROTATE: {
            const uint32_t by = code[pc++] & 31, value = stack[top & 31];
            stack[top & 31] = by ? value << by | value >> (32 - by) : value;
            break;
        }
        case STORE:
            memory[code[pc++] & 7] = stack[top-- & 31];
            break;
        case LOAD:
            stack[++top & 31] = memory[code[pc++] & 7];
            break;
        case CALL:
            calls[depth++ & 7] = pc + 1;
            pc = code[pc];
            break;
        case RETURN:
            pc = calls[--depth & 7];
            break;
        default:
            return stack[top & 31] ^ memory[3];
        }
    }
    return 0;
}

static const uint8_t PROGRAM[] =
    {
        PUSH,  60,  STORE,   0, /* counter */
        CALL,  18,  LOAD,    0,   PUSH,  1,      SUB,    DUP,
        STORE, 0,   JUMP_IF, 4,   END,   END, /* until its low bits are 0 */
        LOAD,  3,   PUSH,    77,  ADD,   ROTATE, 5,      LOAD,
        0,     XOR, DUP,     MUL, STORE, 3,      RETURN, /* at 18 */
};

typedef uint32_t step_t(uint32_t value, uint32_t letter);
static uint32_t idle(uint32_t value, uint32_t letter) {
    return letter > 200 ? 1 : value & ~3U;
}
static uint32_t first(uint32_t value, uint32_t letter) {
    return letter & 1 ? value + 1 : value - 1 + letter;
}
static uint32_t second(uint32_t value, uint32_t letter) {
    return value * 3 + letter;
}
static uint32_t third(uint32_t value, uint32_t letter) {
    return value ^ letter << (value & 15);
}

static uint32_t sum_of(uint32_t count, ...) {
    va_list rest;
    uint32_t sum = 0;
    va_start(rest, count);
    while (count--) {
        sum = sum * 2 + va_arg(rest, uint32_t);
    }
    va_end(rest);
    return sum;
}

static uint32_t classify(uint32_t value) {
    switch (value & 0x3F) {
    case 1:
        return 10;
    case 3:
    case 4:
    case 5:
        return value * 2;
    case 17:
        return value >> 3;
    case 33:
        return ~value;
    case 60 ... 63:
        return value + 9;
    default:
        return 0;
    }
}

uint32_t machine_program(uint32_t seed) {
    static step_t *const STEPS[] = {idle, first, second, third};
    uint32_t value = seed, sum = interpret(PROGRAM, 2000);
    for (uint32_t i = 0; i < 300; i++) {
        const uint32_t letter = next_random(&seed) & 0xFF;
        value = STEPS[value & 3](value, letter);
        sum += classify(value ^ letter);
    }
    return sum ^ value ^ sum_of(7, seed, value, 3U, sum, 5U, 6U, 7U);
}
