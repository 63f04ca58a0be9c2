/* Micro-kernels: caches and buses. Rules, sources and expected cycles: kernels.toml. */
    .include "kernel.inc"

/* A load a line within 4 KB. */
    kernel load_lines_4k
    turns
    mov r3, r1
    .rept 128
    ldr.w r4, [r3], #32
    .endr
    done

/* A load a line, 128 KB in a turn: none is in the cache any more. */
    kernel load_lines_far
    .balign 32
98: mov r3, r1
    .rept 16
    mov.w r5, #256
    .balign 8
97: ldr.w r4, [r3], #32
    subs.w r5, r5, #1
    bne.w 97b
    .endr
    subs.w r0, r0, #1
    bne.w 98b
    wfi

/* Every word of 128 KB. */
    kernel load_words_far
    .balign 32
98: mov r3, r1
    mov.w r5, #4096
97: ldr.w r4, [r3], #4
    ldr.w r6, [r3], #4
    ldr.w r4, [r3], #4
    ldr.w r6, [r3], #4
    ldr.w r4, [r3], #4
    ldr.w r6, [r3], #4
    ldr.w r4, [r3], #4
    ldr.w r6, [r3], #4
    subs.w r5, r5, #1
    bne.w 97b
    subs.w r0, r0, #1
    bne.w 98b
    wfi

/* A load a line from a flash that reads half a line at once. */
    kernel load_lines_narrow
    .balign 32
98: mov r3, r1
    .rept 16
    mov.w r5, #256
    .balign 8
97: ldr.w r4, [r3], #32
    subs.w r5, r5, #1
    bne.w 97b
    .endr
    subs.w r0, r0, #1
    bne.w 98b
    wfi

/* Every word of it. */
    kernel load_words_narrow
    kernel load_words_of_flash
    kernel load_words_of_narrow_flash
    .balign 32
98: mov r3, r1
    mov.w r5, #4096
97: ldr.w r4, [r3], #4
    ldr.w r6, [r3], #4
    ldr.w r4, [r3], #4
    ldr.w r6, [r3], #4
    ldr.w r4, [r3], #4
    ldr.w r6, [r3], #4
    ldr.w r4, [r3], #4
    ldr.w r6, [r3], #4
    subs.w r5, r5, #1
    bne.w 97b
    subs.w r0, r0, #1
    bne.w 98b
    wfi

/* Stores to every word of 128 KB. */
    kernel store_words_far
    .balign 32
98: mov r3, r1
    mov.w r5, #4096
97: .rept 8
    str.w r4, [r3], #4
    .endr
    subs.w r5, r5, #1
    bne.w 97b
    subs.w r0, r0, #1
    bne.w 98b
    wfi

/* Loads of one word. */
    kernel load_word
    kernel load_word_of_flash
    turns
    .rept 32
    ldr.w r4, [r1]
    .endr
    done

/* 128 KB of code in a row. */
    kernel code_far
    turns
    .rept 4096
    .rept 4
    add.w r3, r4, #1
    add.w r5, r6, #1
    .endr
    .endr
    subs.w r0, r0, #1
    beq.w 97f
    b.w 99b
97: wfi

/* 2 KB of code in a row. */
    kernel code_near
    turns
    .rept 64
    .rept 4
    add.w r3, r4, #1
    add.w r5, r6, #1
    .endr
    .endr
    subs.w r0, r0, #1
    beq.w 97f
    b.w 99b
97: wfi

/* Reads of a peripheral's register. */
    .macro register_read name
    kernel \name
    turns
    .rept 32
    ldr.w r4, [r1]
    .endr
    done
    .endm

    register_read register_at_core_clock
    register_read register_at_half
    register_read register_at_quarter

/* CYCCNT, and an instruction beside the load. */
    kernel cycle_counter
    movw r4, #0x1000
    movt r4, #0xe000
    turns
    .rept 32
    ldr.w r3, [r4, #4]
    nop.w
    .endr
    done
