/* Micro-kernels of the Cortex-M4's clock. Rules, sources and expected cycles: kernels.toml. */
    .include "kernel.inc"
    .cpu cortex-m4

/* One instruction a cycle. */
    kernel m4_add
    turns
    .rept 64
    adds r3, r4, #1
    .endr
    done

/* A load shares its second cycle with the load behind it. */
    kernel m4_loads
    turns
    .rept 64
    ldr r3, [r1]
    .endr
    done

/* But with nothing else. */
    kernel m4_load_and_add
    turns
    .rept 64
    ldr r3, [r1]
    adds r4, r5, #1
    .endr
    done

/* An address from the instruction before waits a cycle. */
    kernel m4_address
    turns
    .rept 64
    adds r3, r1, #0
    ldr r4, [r3]
    adds r5, r6, #1
    .endr
    done

/* A store goes into the write buffer. */
    kernel m4_store
    turns
    .rept 64
    str r3, [r1]
    adds r4, r5, #1
    .endr
    done

/* Four registers and a cycle. */
    kernel m4_load_multiple
    turns
    .rept 64
    ldmia r1, {r3-r6}
    .endr
    done

/* Multiply-accumulates. */
    kernel m4_accumulate
    turns
    .rept 64
    smlad r3, r4, r5, r3
    .endr
    done

/* Fused multiply-accumulates of different registers. */
    kernel m4_fused
    turns
    .rept 64
    vfma.f32 s0, s1, s2
    vfma.f32 s3, s1, s2
    .endr
    done

/* A taken branch to a known place. */
    kernel m4_branch
    turns
    .rept 64
    b.n 92f
    .balign 4
92:
    .endr
    done
