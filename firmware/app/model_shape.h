/*
 * What the application has to know of the network when it is compiled: model_config.h, which the compiler in
 * model/ writes beside the network. Tests on a host have none: a colour picture, few scores, no grades and no zones.
 */
#ifndef APP_MODEL_SHAPE_H
#define APP_MODEL_SHAPE_H

#if defined(__has_include)
#if __has_include("model_config.h")
#include "model_config.h"
#endif
#endif

/* Channels of the input: 3, red, green and blue, or 1, the camera's luma. */
#ifndef NN_INPUT_CHANNELS
#define NN_INPUT_CHANNELS 3
#endif

/* Scores on a prediction line: 0 for all of them in their order, else so many of the highest. */
#ifndef NN_SCORES_SHOWN
#define NN_SCORES_SHOWN 0
#endif

/* Bytes of the console's longest line, its end included. */
#ifndef NN_LINE_MAX
#define NN_LINE_MAX 224U
#endif

/* Scores of which the highest is the picture's grade, and which is the first of them; 0: there are no grades. */
#ifndef NN_GRADES
#define NN_GRADES      0
#define NN_FIRST_GRADE 0
#endif

/* Zones of one score, and which that is; 0: there are no zones. */
#ifndef NN_ZONES
#define NN_ZONES      0
#define NN_ZONE_LABEL 0
#endif

/* Frame buffers beside the network's tensors: 3, or 2. */
#ifndef NN_FRAME_BUFFERS
#define NN_FRAME_BUFFERS 3
#endif

#endif
