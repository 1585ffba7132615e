/* cross_entropy_hd.h - the loss of one prior (multibox_loss.h) and its gradient, for host and device. */
#ifndef FTDN_DETECT_CROSS_ENTROPY_HD_H
#define FTDN_DETECT_CROSS_ENTROPY_HD_H

#include <math.h>

#include "base/philox_hd.h" /* FTDN_HD */

/* x: [n_columns]. Gradient, where dx is not NULL: dx[c] = scale * (softmax(x)[c] - (c == label)). */
FTDN_HD static inline double ftdn_softmax_cross_entropy(const float *x, int n_columns, int label, double scale,
                                                        float *dx)
{
    double largest = (double)x[0], sum = 0;
    for (int c = 1; c < n_columns; c++) largest = (double)x[c] > largest ? (double)x[c] : largest;
    for (int c = 0; c < n_columns; c++) sum += exp((double)x[c] - largest);
    for (int c = 0; c < n_columns && dx; c++) {
        double probability = exp((double)x[c] - largest) / sum;
        dx[c] = (float)(scale * (probability - (c == label)));
    }
    return largest - (double)x[label] + log(sum);
}

/* x: [n_columns]. Gradient, where dx is not NULL: dx[c] = scale * (sigmoid(x[c]) - (c == label)), dx[0] = 0.
 * e^-|x| cannot overflow. */
FTDN_HD static inline double ftdn_sigmoid_cross_entropy(const float *x, int n_columns, int label, double scale,
                                                        float *dx)
{
    double sum = 0;
    if (dx) dx[0] = 0;
    for (int c = 1; c < n_columns; c++) {
        double logit = (double)x[c], wrong = c == label ? -logit : logit;
        double small = exp(-fabs(logit));
        sum += (wrong > 0 ? wrong : 0) + log1p(small);
        if (dx) dx[c] = (float)(scale * ((logit > 0 ? 1 : small) / (1 + small) - (c == label)));
    }
    return sum;
}

/* How hard a prior without object is, given its ce(x, 0): NaN counts as infinitely hard. */
FTDN_HD static inline float ftdn_hardness(double cross_entropy)
{
    return cross_entropy != cross_entropy ? INFINITY : (float)cross_entropy;
}

/* l, target: [4]. Gradient, where dl is not NULL: dl[i] = scale * (l[i] - target[i]), the difference within [-1, 1]. */
FTDN_HD static inline double ftdn_smooth_l1(const float *l, const float *target, double scale, float *dl)
{
    double sum = 0;
    for (int i = 0; i < 4; i++) {
        double d = (double)l[i] - (double)target[i];
        sum += fabs(d) < 1 ? d * d / 2 : fabs(d) - 0.5;
        double slope = d < -1 ? -1 : d > 1 ? 1 : d;
        if (dl) dl[i] = (float)(scale * slope);
    }
    return sum;
}

#endif
