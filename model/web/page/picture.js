"use strict";
/* From a photograph to what the network reads, as training and board do it, in the same integers.

   Scaling is Pillow's: a triangle as wide as the shrinking asks, its weights rounded to 22 bits
   (Resample.c); the box is ImageOps.fit's. Then RGB565 by cutting bits off, as the sensor does, and of that the
   nearest pixel to the left and above of each of the network's. */

const FRAME_WIDTH = 320, FRAME_HEIGHT = 240;
const WEIGHT_BITS = 22;

/* The part of a picture that has the frame's proportions, around its middle: left, top, right, bottom. */
function middle(width, height) {
  const ratio = width / height, wanted = FRAME_WIDTH / FRAME_HEIGHT;
  let cutWidth = width, cutHeight = height;
  if (ratio > wanted) cutWidth = wanted * height;
  else if (ratio < wanted) cutHeight = width / wanted;
  const left = (width - cutWidth) * 0.5, top = (height - cutHeight) * 0.5;
  return [left, top, left + cutWidth, top + cutHeight].map(Math.fround);
}

/* For each of `to` places: the first of `from` that counts, and whole-number weights of it and those after it. */
function triangles(from, start, end, to) {
  const scale = Math.fround(end - start) / to, wide = Math.max(scale, 1);
  const places = [];
  for (let place = 0; place < to; place++) {
    const center = start + (place + 0.5) * scale;
    const first = Math.max(Math.trunc(center - wide + 0.5), 0);
    const last = Math.min(Math.trunc(center + wide + 0.5), from);
    const weights = [];
    let sum = 0;
    for (let at = first; at < last; at++) {
      const distance = Math.abs((at - center + 0.5) * (1 / wide));
      const weight = distance < 1 ? 1 - distance : 0;
      weights.push(weight);
      sum += weight;
    }
    const fixed = weights.map(weight => Math.trunc(0.5 + (sum ? weight / sum : weight) * 2 ** WEIGHT_BITS));
    places.push({ first, weights: Int32Array.from(fixed) });
  }
  return places;
}

/* Weighted sums along one axis of an RGBA picture; `lines` are the rows or columns apart from it. */
function weighed(source, target, places, lines, sourceStep, sourceLine, targetStep, targetLine) {
  for (let line = 0; line < lines; line++) {
    for (let place = 0; place < places.length; place++) {
      const { first, weights } = places[place];
      let from = line * sourceLine + first * sourceStep;
      let red = 1 << (WEIGHT_BITS - 1), green = red, blue = red;
      for (let at = 0; at < weights.length; at++, from += sourceStep) {
        red += source[from] * weights[at];
        green += source[from + 1] * weights[at];
        blue += source[from + 2] * weights[at];
      }
      const to = line * targetLine + place * targetStep;
      target[to] = red >> WEIGHT_BITS;  // Uint8ClampedArray clips
      target[to + 1] = green >> WEIGHT_BITS;
      target[to + 2] = blue >> WEIGHT_BITS;
      target[to + 3] = 255;
    }
  }
}

/* One axis of a picture scaled: `across` its columns, else its rows. */
function scaled({ pixels, width, height }, start, end, to, across) {
  const from = across ? width : height, lines = across ? height : width;
  if (from === to && start === 0 && end === to) return { pixels, width, height };
  const size = across ? { width: to, height } : { width, height: to };
  const target = new Uint8ClampedArray(4 * size.width * size.height), places = triangles(from, start, end, to);
  if (across) weighed(pixels, target, places, lines, 4, 4 * width, 4, 4 * to);
  else weighed(pixels, target, places, lines, 4 * width, 4, 4 * width, 4);
  return { pixels: target, ...size };
}

/* RGBA bytes of any size to RGBA bytes of the frame's. Which axis goes first shows in the last bit: columns, but since
   Pillow 13 rows where a picture has many more than the frame; `rowsFirst` says that this Pillow is to be followed. */
function fitted(pixels, width, height, rowsFirst) {
  const [left, top, right, bottom] = middle(width, height), picture = { pixels, width, height };
  const across = given => scaled(given, left, right, FRAME_WIDTH, true);
  const down = given => scaled(given, top, bottom, FRAME_HEIGHT, false);
  const tall = rowsFirst && height - FRAME_HEIGHT > 2 * Math.max(width - FRAME_WIDTH, 0);
  return (tall ? across(down(picture)) : down(across(picture))).pixels;
}

/* RGBA bytes to RGB565 values: the low bits are cut off. */
function packed(pixels) {
  const frame = new Uint16Array(pixels.length / 4);
  for (let at = 0; at < frame.length; at++) {
    frame[at] = pixels[4 * at] >> 3 << 11 | pixels[4 * at + 1] >> 2 << 5 | pixels[4 * at + 2] >> 3;
  }
  return frame;
}

/* An RGB565 value's channels, widened to 8 bits in whole numbers. */
function channels(value) {
  return [
    Math.trunc((value >> 11) * 255 / 31),
    Math.trunc((value >> 5 & 63) * 255 / 63),
    Math.trunc((value & 31) * 255 / 31),
  ];
}

/* The frame as RGBA, for the eye. */
function unpacked(frame) {
  const pixels = new Uint8ClampedArray(4 * frame.length);
  for (let at = 0; at < frame.length; at++) pixels.set([...channels(frame[at]), 255], 4 * at);
  return pixels;
}

/* What the network reads of a frame: int8, each channel (or the luma) less 128. */
function networkInput(frame, frameWidth, frameHeight, [height, width, depth]) {
  const input = new Int8Array(height * width * depth);
  let to = 0;
  for (let row = 0; row < height; row++) {
    const line = Math.floor(row * frameHeight / height) * frameWidth;
    for (let column = 0; column < width; column++) {
      const [red, green, blue] = channels(frame[line + Math.floor(column * frameWidth / width)]);
      if (depth === 1) input[to++] = (77 * red + 150 * green + 29 * blue >> 8) - 128;
      else {
        input[to++] = red - 128;
        input[to++] = green - 128;
        input[to++] = blue - 128;
      }
    }
  }
  return input;
}

/* The network's input as RGBA, for the eye. */
function shownInput(input, depth) {
  const pixels = new Uint8ClampedArray(4 * input.length / depth);
  for (let at = 0; at < pixels.length / 4; at++) {
    for (let channel = 0; channel < 3; channel++) pixels[4 * at + channel] = input[at * depth + channel % depth] + 128;
    pixels[4 * at + 3] = 255;
  }
  return pixels;
}

/* The self-test's frame "xor-v1". */
function selfTestFrame() {
  const frame = new Uint16Array(FRAME_WIDTH * FRAME_HEIGHT);
  for (let row = 0; row < FRAME_HEIGHT; row++) {
    for (let column = 0; column < FRAME_WIDTH; column++) {
      frame[row * FRAME_WIDTH + column] = column * 2053 + row * 4099 ^ column * row;
    }
  }
  return frame;
}
