/*
 * Where the network's code and data live on the target; on a host all of it is empty.
 *
 * The linker script of the target has to provide (RM0433 section 2.3 for the memories):
 *   .nn_arena   the tensor arena, zero-wait RAM preferred; an output section marked (NOLOAD): its content is
 *               scratch, neither loaded nor cleared;
 *   .bss        scratch memory of the generated kernels, and the arena where both fit into DTCM, which they are for;
 *   .itcm_text  hot kernels, copied from flash to ITCM before the network runs for the first time;
 *   .nn_fast_weights  weights that go to DTCM: initialised data, where the compiler was given room for some;
 *   .rodata.*   weights, tables and layer parameters: plain read-only data in flash.
 * ITCM is farther than a BL reaches from flash: GNU ld and lld insert the veneers by themselves.
 */
#ifndef NN_PLATFORM_H
#define NN_PLATFORM_H

#if defined(__arm__)
#define NN_ARENA        __attribute__((section(".nn_arena"), aligned(16)))
#define NN_FAST_ARENA   __attribute__((aligned(16)))
#define NN_SCRATCH      __attribute__((aligned(16)))
#define NN_HOT          __attribute__((section(".itcm_text")))
#define NN_WEIGHTS      __attribute__((section(".rodata.nn_weights"), aligned(4)))
#define NN_FAST_WEIGHTS __attribute__((section(".nn_fast_weights"), aligned(4)))
#else
#define NN_ARENA      __attribute__((aligned(16)))
#define NN_FAST_ARENA NN_ARENA
#define NN_SCRATCH    __attribute__((aligned(16)))
#define NN_HOT
#define NN_WEIGHTS      __attribute__((aligned(4)))
#define NN_FAST_WEIGHTS NN_WEIGHTS
#endif

#define NN_STATE __attribute__((aligned(16))) /* plain initialised data */

#endif
