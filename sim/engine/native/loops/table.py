"""The table that ``forms.py`` explains: name, encoding | operation and options."""

TABLE = """
# Data processing, 16 bits (A5.2)
lsl.imm.T1      00000 iiiii mmm ddd                             | shift kind=lsl by=imm flags=outside refuse=no_amount
mov.reg.T2      0000000000 mmm ddd                              | mov second=reg flags=always it=never
lsr.imm.T1      00001 iiiii mmm ddd                             | shift kind=lsr by=imm flags=outside
asr.imm.T1      00010 iiiii mmm ddd                             | shift kind=asr by=imm flags=outside
add.reg.T1      0001100 mmm nnn ddd                             | add second=reg flags=outside
sub.reg.T1      0001101 mmm nnn ddd                             | sub second=reg flags=outside
add.imm.T1      0001110 iii nnn ddd                             | add second=imm flags=outside
sub.imm.T1      0001111 iii nnn ddd                             | sub second=imm flags=outside
mov.imm.T1      00100 ddd iiiiiiii                              | mov second=imm flags=outside
cmp.imm.T1      00101 nnn iiiiiiii                              | cmp second=imm flags=always
add.imm.T2      00110 ddd iiiiiiii                              | add second=imm flags=outside
sub.imm.T2      00111 ddd iiiiiiii                              | sub second=imm flags=outside
and.reg.T1      0100000000 mmm ddd                              | and second=reg flags=outside
eor.reg.T1      0100000001 mmm ddd                              | eor second=reg flags=outside
lsl.reg.T1      0100000010 mmm ddd                              | shift kind=lsl by=reg flags=outside
lsr.reg.T1      0100000011 mmm ddd                              | shift kind=lsr by=reg flags=outside
asr.reg.T1      0100000100 mmm ddd                              | shift kind=asr by=reg flags=outside
adc.reg.T1      0100000101 mmm ddd                              | adc second=reg flags=outside
sbc.reg.T1      0100000110 mmm ddd                              | sbc second=reg flags=outside
ror.reg.T1      0100000111 mmm ddd                              | shift kind=ror by=reg flags=outside
tst.reg.T1      0100001000 mmm nnn                              | tst second=reg flags=always
rsb.imm.T1      0100001001 nnn ddd                              | rsb second=zero flags=outside
cmp.reg.T1      0100001010 mmm nnn                              | cmp second=reg flags=always
cmn.reg.T1      0100001011 mmm nnn                              | cmn second=reg flags=always
orr.reg.T1      0100001100 mmm ddd                              | orr second=reg flags=outside
mul.T1          0100001101 mmm ddd                              | mul flags=outside
bic.reg.T1      0100001110 mmm ddd                              | bic second=reg flags=outside
mvn.reg.T1      0100001111 mmm ddd                              | mvn second=reg flags=outside
add.reg.T2      01000100 D MMMM DDD                             | add second=reg
cmp.reg.T2      01000101 N MMMM NNN                             | cmp second=reg flags=always refuse=both_low
mov.reg.T1      01000110 D MMMM DDD                             | mov second=reg
adr.T1          10100 ddd iiiiiiii                              | adr scale=4 u=1
add.sp.T1       10101 ddd iiiiiiii                              | add second=imm scale=4 n=13
add.sp.T2       101100000 iiiiiii                               | add second=imm scale=4 n=13 d=13
sub.sp.T1       101100001 iiiiiii                               | sub second=imm scale=4 n=13 d=13
sxth.T1         1011001000 mmm ddd                              | extend signed=yes width=16 i=0
sxtb.T1         1011001001 mmm ddd                              | extend signed=yes width=8 i=0
uxth.T1         1011001010 mmm ddd                              | extend signed=no width=16 i=0
uxtb.T1         1011001011 mmm ddd                              | extend signed=no width=8 i=0
rev.T1          1011101000 mmm ddd                              | rev
rev16.T1        1011101001 mmm ddd                              | rev16
revsh.T1        1011101011 mmm ddd                              | revsh
it.T1           10111111 cccc xxxx                              | nothing it=never refuse=no_it_block
nop.T1          1011111100000000                                | nothing
nop.T2          1111001110101111 1000000000000000               | nothing

# Modified and plain immediates (A5.3.1, A5.3.3)
and.imm.T1      11110 i 00000 s nnnn 0 iii dddd iiiiiiii        | and second=expanded flags=s refuse=zero_pattern
tst.imm.T1      11110 i 000001 nnnn 0 iii 1111 iiiiiiii         | tst second=expanded flags=always refuse=zero_pattern
bic.imm.T1      11110 i 00001 s nnnn 0 iii dddd iiiiiiii        | bic second=expanded flags=s refuse=zero_pattern
orr.imm.T1      11110 i 00010 s nnnn 0 iii dddd iiiiiiii        | orr second=expanded flags=s refuse=zero_pattern
mov.imm.T2      11110 i 00010 s 1111 0 iii dddd iiiiiiii        | mov second=expanded flags=s refuse=zero_pattern
orn.imm.T1      11110 i 00011 s nnnn 0 iii dddd iiiiiiii        | orn second=expanded flags=s refuse=zero_pattern
mvn.imm.T1      11110 i 00011 s 1111 0 iii dddd iiiiiiii        | mvn second=expanded flags=s refuse=zero_pattern
eor.imm.T1      11110 i 00100 s nnnn 0 iii dddd iiiiiiii        | eor second=expanded flags=s refuse=zero_pattern
teq.imm.T1      11110 i 001001 nnnn 0 iii 1111 iiiiiiii         | teq second=expanded flags=always refuse=zero_pattern
add.imm.T3      11110 i 01000 s nnnn 0 iii dddd iiiiiiii        | add second=expanded flags=s refuse=zero_pattern
add.sp.imm.T3   11110 i 01000 s 1101 0 iii DDDD iiiiiiii        | add second=expanded flags=s refuse=zero_pattern n=13
cmn.imm.T1      11110 i 010001 NNNN 0 iii 1111 iiiiiiii         | cmn second=expanded flags=always refuse=zero_pattern
adc.imm.T1      11110 i 01010 s nnnn 0 iii dddd iiiiiiii        | adc second=expanded flags=s refuse=zero_pattern
sbc.imm.T1      11110 i 01011 s nnnn 0 iii dddd iiiiiiii        | sbc second=expanded flags=s refuse=zero_pattern
sub.imm.T3      11110 i 01101 s nnnn 0 iii dddd iiiiiiii        | sub second=expanded flags=s refuse=zero_pattern
sub.sp.imm.T2   11110 i 01101 s 1101 0 iii DDDD iiiiiiii        | sub second=expanded flags=s refuse=zero_pattern n=13
cmp.imm.T2      11110 i 011011 NNNN 0 iii 1111 iiiiiiii         | cmp second=expanded flags=always refuse=zero_pattern
rsb.imm.T2      11110 i 01110 s nnnn 0 iii dddd iiiiiiii        | rsb second=expanded flags=s refuse=zero_pattern
addw.T4         11110 i 100000 nnnn 0 iii dddd iiiiiiii         | add second=imm
addw.sp.T4      11110 i 100000 1101 0 iii DDDD iiiiiiii         | add second=imm n=13
adr.T3          11110 i 100000 1111 0 iii dddd iiiiiiii         | adr scale=1 u=1
subw.T4         11110 i 101010 nnnn 0 iii dddd iiiiiiii         | sub second=imm
subw.sp.T3      11110 i 101010 1101 0 iii DDDD iiiiiiii         | sub second=imm n=13
adr.T2          11110 i 101010 1111 0 iii dddd iiiiiiii         | adr scale=1 u=0
movw.T3         11110 i 100100 jjjj 0 iii dddd iiiiiiii         | mov second=wide
movt.T1         11110 i 101100 jjjj 0 iii dddd iiiiiiii         | movt
ssat.T1         111100 1100 z 0 nnnn 0 iii dddd ii 0 xxxxx      | saturate signed=yes refuse=halves_saturation
usat.T1         111100 1110 z 0 nnnn 0 iii dddd ii 0 xxxxx      | saturate signed=no refuse=halves_saturation
sbfx.T1         111100 110100 nnnn 0 iii dddd ii 0 xxxxx        | extract signed=yes refuse=field_too_wide
ubfx.T1         111100 111100 nnnn 0 iii dddd ii 0 xxxxx        | extract signed=no refuse=field_too_wide
bfi.T1          111100 110110 nnnn 0 iii dddd ii 0 xxxxx        | insert refuse=field_reversed
bfc.T1          111100 110110 1111 0 iii dddd ii 0 xxxxx        | insert refuse=field_reversed

# Shifted registers (A5.3.11)
and.reg.T2      11101010000 s nnnn 0 iii dddd ii yy mmmm        | and second=shifted flags=s
tst.reg.T2      111010100001 nnnn 0 iii 1111 ii yy mmmm         | tst second=shifted flags=always
bic.reg.T2      11101010001 s nnnn 0 iii dddd ii yy mmmm        | bic second=shifted flags=s
orr.reg.T2      11101010010 s nnnn 0 iii dddd ii yy mmmm        | orr second=shifted flags=s
mov.shift.T3    11101010010 s 1111 0 iii dddd ii yy mmmm        | mov second=shifted flags=s
mov.reg.T3      111010100100 1111 0000 DDDD 0000 MMMM           | mov second=reg refuse=not_one_sp
orn.reg.T1      11101010011 s nnnn 0 iii dddd ii yy mmmm        | orn second=shifted flags=s
mvn.reg.T2      11101010011 s 1111 0 iii dddd ii yy mmmm        | mvn second=shifted flags=s
eor.reg.T2      11101010100 s nnnn 0 iii dddd ii yy mmmm        | eor second=shifted flags=s
teq.reg.T1      111010101001 nnnn 0 iii 1111 ii yy mmmm         | teq second=shifted flags=always
pkh.T1          111010101100 nnnn 0 iii dddd ii x 0 mmmm        | pack
add.reg.T3      11101011000 s nnnn 0 iii dddd ii yy mmmm        | add second=shifted flags=s
add.sp.reg.T3   11101011000 s 1101 0 iii DDDD ii yy mmmm        | add second=shifted flags=s refuse=far_shift_of_sp n=13
cmn.reg.T2      111010110001 NNNN 0 iii 1111 ii yy mmmm         | cmn second=shifted flags=always
adc.reg.T2      11101011010 s nnnn 0 iii dddd ii yy mmmm        | adc second=shifted flags=s
sbc.reg.T2      11101011011 s nnnn 0 iii dddd ii yy mmmm        | sbc second=shifted flags=s
sub.reg.T2      11101011101 s nnnn 0 iii dddd ii yy mmmm        | sub second=shifted flags=s
sub.sp.reg.T1   11101011101 s 1101 0 iii DDDD ii yy mmmm        | sub second=shifted flags=s refuse=far_shift_of_sp n=13
cmp.reg.T3      111010111011 NNNN 0 iii 1111 ii yy mmmm         | cmp second=shifted flags=always
rsb.reg.T1      11101011110 s nnnn 0 iii dddd ii yy mmmm        | rsb second=shifted flags=s

# Registers (A5.3.12 to A5.3.15)
lsl.reg.T2      11111010000 s nnnn 1111 dddd 0000 mmmm          | shift kind=lsl by=reg flags=s
lsr.reg.T2      11111010001 s nnnn 1111 dddd 0000 mmmm          | shift kind=lsr by=reg flags=s
asr.reg.T2      11111010010 s nnnn 1111 dddd 0000 mmmm          | shift kind=asr by=reg flags=s
ror.reg.T2      11111010011 s nnnn 1111 dddd 0000 mmmm          | shift kind=ror by=reg flags=s
sxtah.T1        111110100000 nnnn 1111 dddd 10 ii mmmm          | extend signed=yes width=16
sxth.T2         111110100000 1111 1111 dddd 10 ii mmmm          | extend signed=yes width=16
uxtah.T1        111110100001 nnnn 1111 dddd 10 ii mmmm          | extend signed=no width=16
uxth.T2         111110100001 1111 1111 dddd 10 ii mmmm          | extend signed=no width=16
sxtab16.T1      111110100010 nnnn 1111 dddd 10 ii mmmm          | extend_pair signed=yes
sxtb16.T1       111110100010 1111 1111 dddd 10 ii mmmm          | extend_pair signed=yes
uxtab16.T1      111110100011 nnnn 1111 dddd 10 ii mmmm          | extend_pair signed=no
uxtb16.T1       111110100011 1111 1111 dddd 10 ii mmmm          | extend_pair signed=no
sxtab.T1        111110100100 nnnn 1111 dddd 10 ii mmmm          | extend signed=yes width=8
sxtb.T2         111110100100 1111 1111 dddd 10 ii mmmm          | extend signed=yes width=8
uxtab.T1        111110100101 nnnn 1111 dddd 10 ii mmmm          | extend signed=no width=8
uxtb.T2         111110100101 1111 1111 dddd 10 ii mmmm          | extend signed=no width=8
qadd.T1         111110101000 nnnn 1111 dddd 1000 mmmm           | saturating_add subtract=no double=no
qdadd.T1        111110101000 nnnn 1111 dddd 1001 mmmm           | saturating_add subtract=no double=yes
qsub.T1         111110101000 nnnn 1111 dddd 1010 mmmm           | saturating_add subtract=yes double=no
qdsub.T1        111110101000 nnnn 1111 dddd 1011 mmmm           | saturating_add subtract=yes double=yes
rev.T2          111110101001 nnnn 1111 dddd 1000 mmmm           | rev refuse=two_sources
rev16.T2        111110101001 nnnn 1111 dddd 1001 mmmm           | rev16 refuse=two_sources
rbit.T1         111110101001 nnnn 1111 dddd 1010 mmmm           | rbit refuse=two_sources
revsh.T2        111110101001 nnnn 1111 dddd 1011 mmmm           | revsh refuse=two_sources
clz.T1          111110101011 nnnn 1111 dddd 1000 mmmm           | clz refuse=two_sources

# Multiplications and divisions (A5.3.16, A5.3.17)
mul.T2          111110110000 nnnn 1111 dddd 0000 mmmm           | mul
mla.T1          111110110000 nnnn aaaa dddd 0000 mmmm           | mla
mls.T1          111110110000 nnnn aaaa dddd 0001 mmmm           | mls
smla_xy.T1      111110110001 nnnn aaaa dddd 00 x z mmmm         | half_product
smul_xy.T1      111110110001 nnnn 1111 dddd 00 x z mmmm         | half_product
smlad.T1        111110110010 nnnn aaaa dddd 000 x mmmm          | dual_product subtract=no
smuad.T1        111110110010 nnnn 1111 dddd 000 x mmmm          | dual_product subtract=no
smlaw.T1        111110110011 nnnn aaaa dddd 000 x mmmm          | word_half_product
smulw.T1        111110110011 nnnn 1111 dddd 000 x mmmm          | word_half_product
smlsd.T1        111110110100 nnnn aaaa dddd 000 x mmmm          | dual_product subtract=yes
smusd.T1        111110110100 nnnn 1111 dddd 000 x mmmm          | dual_product subtract=yes
smmla.T1        111110110101 nnnn aaaa dddd 000 x mmmm          | high_product subtract=no
smmul.T1        111110110101 nnnn 1111 dddd 000 x mmmm          | high_product subtract=no
smmls.T1        111110110110 nnnn aaaa dddd 000 x mmmm          | high_product subtract=yes
usada8.T1       111110110111 nnnn aaaa dddd 0000 mmmm           | absolute_differences
usad8.T1        111110110111 nnnn 1111 dddd 0000 mmmm           | absolute_differences
smull.T1        111110111000 nnnn eeee hhhh 0000 mmmm           | long_product signed=yes add=none refuse=same_halves
umull.T1        111110111010 nnnn eeee hhhh 0000 mmmm           | long_product signed=no add=none refuse=same_halves
smlal.T1        111110111100 nnnn eeee hhhh 0000 mmmm           | long_product signed=yes add=pair refuse=same_halves
umlal.T1        111110111110 nnnn eeee hhhh 0000 mmmm           | long_product signed=no add=pair refuse=same_halves
umaal.T1        111110111110 nnnn eeee hhhh 0110 mmmm           | long_product signed=no add=both refuse=same_halves
smlal_xy.T1     111110111100 nnnn eeee hhhh 10 x z mmmm         | long_half_product refuse=same_halves
smlald.T1       111110111100 nnnn eeee hhhh 110 x mmmm          | long_dual_product subtract=no refuse=same_halves
smlsld.T1       111110111101 nnnn eeee hhhh 110 x mmmm          | long_dual_product subtract=yes refuse=same_halves
sdiv.T1         111110111001 nnnn 1111 dddd 1111 mmmm           | divide signed=yes
udiv.T1         111110111011 nnnn 1111 dddd 1111 mmmm           | divide signed=no

# Loads and stores, 16 bits (A5.2.4)
ldr.lit.T1      01001 ttt iiiiiiii                              | load size=4 scale=4 n=15 u=1
str.reg.T1      0101000 mmm nnn ttt                             | store size=4
strh.reg.T1     0101001 mmm nnn ttt                             | store size=2
strb.reg.T1     0101010 mmm nnn ttt                             | store size=1
ldrsb.reg.T1    0101011 mmm nnn ttt                             | load size=1 signed=yes
ldr.reg.T1      0101100 mmm nnn ttt                             | load size=4
ldrh.reg.T1     0101101 mmm nnn ttt                             | load size=2
ldrb.reg.T1     0101110 mmm nnn ttt                             | load size=1
ldrsh.reg.T1    0101111 mmm nnn ttt                             | load size=2 signed=yes
str.imm.T1      01100 iiiii nnn ttt                             | store size=4 scale=4
ldr.imm.T1      01101 iiiii nnn ttt                             | load size=4 scale=4
strb.imm.T1     01110 iiiii nnn ttt                             | store size=1 scale=1
ldrb.imm.T1     01111 iiiii nnn ttt                             | load size=1 scale=1
strh.imm.T1     10000 iiiii nnn ttt                             | store size=2 scale=2
ldrh.imm.T1     10001 iiiii nnn ttt                             | load size=2 scale=2
str.sp.T2       10010 ttt iiiiiiii                              | store size=4 scale=4 n=13
ldr.sp.T2       10011 ttt iiiiiiii                              | load size=4 scale=4 n=13
push.T1         1011010 L rrrrrrrr                              | store_many before=yes n=13 w=1 refuse=empty_list
pop.T1          10111100 rrrrrrrr                               | load_many before=no n=13 w=1 refuse=empty_list
pop.pc.T1       10111101 rrrrrrrr                               | jump_by_pop before=no n=13 w=1 P=1 it=never
stm.T1          11000 nnn rrrrrrrr                              | store_many before=no w=1 refuse=stored_base
ldm.T1          11001 nnn rrrrrrrr                              | load_many before=no w=1 refuse=empty_list

# Loads and stores of one register, 32 bits (A5.3.7 to A5.3.10)
str.imm.T3      111110001100 NNNN TTTT iiiiiiiiiiii             | store size=4 scale=1
ldr.imm.T3      111110001101 NNNN TTTT iiiiiiiiiiii             | load size=4 scale=1
strh.imm.T2     111110001010 NNNN tttt iiiiiiiiiiii             | store size=2 scale=1
ldrh.imm.T2     111110001011 NNNN tttt iiiiiiiiiiii             | load size=2 scale=1
strb.imm.T2     111110001000 NNNN tttt iiiiiiiiiiii             | store size=1 scale=1
ldrb.imm.T2     111110001001 NNNN tttt iiiiiiiiiiii             | load size=1 scale=1
ldrsh.imm.T1    111110011011 NNNN tttt iiiiiiiiiiii             | load size=2 scale=1 signed=yes
ldrsb.imm.T1    111110011001 NNNN tttt iiiiiiiiiiii             | load size=1 scale=1 signed=yes
str.imm.T4      111110000100 NNNN TTTT 1puw iiiiiiii            | store size=4 scale=1 refuse=indexed
ldr.imm.T4      111110000101 NNNN TTTT 1puw iiiiiiii            | load size=4 scale=1 refuse=indexed
strh.imm.T3     111110000010 NNNN tttt 1puw iiiiiiii            | store size=2 scale=1 refuse=indexed
ldrh.imm.T3     111110000011 NNNN tttt 1puw iiiiiiii            | load size=2 scale=1 refuse=indexed
strb.imm.T3     111110000000 NNNN tttt 1puw iiiiiiii            | store size=1 scale=1 refuse=indexed
ldrb.imm.T3     111110000001 NNNN tttt 1puw iiiiiiii            | load size=1 scale=1 refuse=indexed
ldrsh.imm.T2    111110010011 NNNN tttt 1puw iiiiiiii            | load size=2 scale=1 signed=yes refuse=indexed
ldrsb.imm.T2    111110010001 NNNN tttt 1puw iiiiiiii            | load size=1 scale=1 signed=yes refuse=indexed
str.reg.T2      111110000100 NNNN TTTT 000000 ii mmmm           | store size=4
ldr.reg.T2      111110000101 NNNN TTTT 000000 ii mmmm           | load size=4
strh.reg.T2     111110000010 NNNN tttt 000000 ii mmmm           | store size=2
ldrh.reg.T2     111110000011 NNNN tttt 000000 ii mmmm           | load size=2
strb.reg.T2     111110000000 NNNN tttt 000000 ii mmmm           | store size=1
ldrb.reg.T2     111110000001 NNNN tttt 000000 ii mmmm           | load size=1
ldrsh.reg.T2    111110010011 NNNN tttt 000000 ii mmmm           | load size=2 signed=yes
ldrsb.reg.T2    111110010001 NNNN tttt 000000 ii mmmm           | load size=1 signed=yes
ldr.lit.T2      11111000 u 101 1111 TTTT iiiiiiiiiiii           | load size=4 scale=1 n=15
ldrh.lit.T1     11111000 u 011 1111 tttt iiiiiiiiiiii           | load size=2 scale=1 n=15
ldrb.lit.T1     11111000 u 001 1111 tttt iiiiiiiiiiii           | load size=1 scale=1 n=15
ldrsh.lit.T1    11111001 u 011 1111 tttt iiiiiiiiiiii           | load size=2 scale=1 n=15 signed=yes
ldrsb.lit.T1    11111001 u 001 1111 tttt iiiiiiiiiiii           | load size=1 scale=1 n=15 signed=yes

# Loads and stores of more (A5.3.5, A5.3.6)
ldrd.imm.T1     1110100 pu1w1 NNNN tttt eeee iiiiiiii           | load_pair scale=4 refuse=loaded_pair
ldrd.lit.T1     1110100 1u101 1111 tttt eeee iiiiiiii           | load_pair scale=4 n=15 p=1 w=0 refuse=loaded_pair
strd.imm.T1     1110100 pu1w0 NNNN tttt eeee iiiiiiii           | store_pair scale=4 refuse=pair
stm.T2          1110100010w0 NNNN 0L0 rrrrrrrrrrrrr             | store_many before=no refuse=long_list
ldm.T2          1110100010w1 NNNN 0L0 rrrrrrrrrrrrr             | load_many before=no refuse=long_list
ldm.pc.T2       1110100010w1 NNNN 100 rrrrrrrrrrrrr             | jump_by_pop before=no P=1 it=never refuse=jump_list
stmdb.T1        1110100100w0 NNNN 0L0 rrrrrrrrrrrrr             | store_many before=yes refuse=long_list
ldmdb.T1        1110100100w1 NNNN 0L0 rrrrrrrrrrrrr             | load_many before=yes refuse=long_list
ldmdb.pc.T1     1110100100w1 NNNN 100 rrrrrrrrrrrrr             | jump_by_pop before=yes P=1 it=never refuse=jump_list

# Jumps (A5.2.6, A5.3.4)
b.T1            1101 cccc iiiiiiii                              | branch refuse=no_condition it=never
b.T2            11100 iiiiiiiiiii                               | branch it=last
b.T3            11110 S cccc iiiiii 10 J 0 J iiiiiiiiiii        | branch refuse=no_condition it=never
b.T4            11110 S iiiiiiiiii 10 J 1 J iiiiiiiiiii         | branch it=last
bl.T1           11110 S iiiiiiiiii 11 J 1 J iiiiiiiiiii         | call it=never
cbz.T1          1011 x 0 i 1 iiiii nnn                          | branch_if_zero it=never
bx.T1           010001110 mmmm 000                              | jump_to_register it=never
blx.T1          010001111 mmmm 000                              | call_register it=never
ldr.pc.T3       111110001101 NNNN 1111 iiiiiiiiiiii             | jump_by_load size=4 scale=1 it=never
ldr.pc.T4       111110000101 NNNN 1111 1puw iiiiiiii          | jump_by_load size=4 scale=1 it=never refuse=jump_indexed
ldr.pc.reg.T2   111110000101 NNNN 1111 000000 ii mmmm           | jump_by_load size=4 it=never
ldr.pc.lit.T2   11111000 u 101 1111 1111 iiiiiiiiiiii           | jump_by_load size=4 scale=1 n=15 it=never
"""
