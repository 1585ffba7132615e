#include "datasets/light.h"

#include <math.h>

#define UNIT_BITS 12
#define UNIT (1 << UNIT_BITS)

/* Rodrigues' rotation around (1,1,1)/sqrt(3). The half angle's tangent needs no sine: those differ among machines. */
static void make_rotation(double half_tangent, double rotation[3][3])
{
    double norm = 1 + half_tangent * half_tangent;
    double cosine = (1 - half_tangent * half_tangent) / norm, sine = 2 * half_tangent / norm;
    double same = (1 - cosine) / 3, across = sine * 0.57735026918962576; /* 1 / sqrt(3) */
    for (int i = 0; i < 3; i++) {
        rotation[i][i] = cosine + same;
        rotation[i][(i + 1) % 3] = same - across;
        rotation[i][(i + 2) % 3] = same + across;
    }
}

ftdn_light ftdn_light_make(double brightness, double contrast, double saturation, double hue)
{
    static const double luminance[3] = {0.299, 0.587, 0.114};
    double rotation[3][3];
    ftdn_light light;
    make_rotation(hue, rotation);
    int32_t row_sum = (int32_t)lrint(contrast * UNIT);
    for (int i = 0; i < 3; i++) {
        light.matrix[i][i] = row_sum;
        for (int k = 1; k < 3; k++) {
            int j = (i + k) % 3;
            double grey = 0;
            for (int c = 0; c < 3; c++) grey += luminance[c] * rotation[c][j];
            double coefficient = contrast * (saturation * rotation[i][j] + (1 - saturation) * grey);
            light.matrix[i][j] = (int32_t)lrint(coefficient * UNIT);
            light.matrix[i][i] -= light.matrix[i][j];
        }
    }
    light.offset = (int32_t)lrint(contrast * brightness * UNIT);
    return light;
}

static uint8_t to_byte(int32_t value)
{
    value = (value + UNIT / 2) >> UNIT_BITS;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

void ftdn_light_apply(const ftdn_light *light, size_t n_pixels, uint8_t *pixels)
{
    const int32_t(*m)[3] = light->matrix;
    for (size_t i = 0; i < n_pixels; i++, pixels += 3) {
        int32_t r = pixels[0], g = pixels[1], b = pixels[2];
        pixels[0] = to_byte(m[0][0] * r + m[0][1] * g + m[0][2] * b + light->offset);
        pixels[1] = to_byte(m[1][0] * r + m[1][1] * g + m[1][2] * b + light->offset);
        pixels[2] = to_byte(m[2][0] * r + m[2][1] * g + m[2][2] * b + light->offset);
    }
}
