/* road_sensor.h - what a thermal camera makes of temperatures: blur, noise, gain, grey levels. */
#ifndef FTDN_DATASETS_ROAD_SENSOR_H
#define FTDN_DATASETS_ROAD_SENSOR_H

#include "datasets/road_world.h"

/* heat: [SIDE,SIDE] degrees Celsius, used up. pixels: [SIDE,SIDE,3], three equal channels. */
void ftdn_road_expose(const ftdn_road_world *world, float *heat, uint8_t *pixels);

#endif
