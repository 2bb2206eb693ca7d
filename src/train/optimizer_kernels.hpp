#pragma once

#include <cstdint>

// The update of weights, their moments and their average in one pass over all of them, f32. Nothing
// here knows of LibTorch and of threads. Compiled for several instruction sets and chosen at run
// time.
namespace dbnet::train {

/// Numbers of one parameter, or a part of them; `average` may be null.
struct OptimizedRange {
    std::int64_t count;
    const float* gradient;
    float* weight;
    float* first;   ///< moment: the mean gradient (Adam), the velocity (SGD)
    float* second;  ///< moment: the mean square of the gradient (Adam)
    float* average;
};

/// What a step does, with g = gradient_factor * gradient.
struct UpdateRule {
    float gradient_factor = 1;
    float penalty = 0;  ///< g += penalty * weight
    float decay = 0;    ///< weight -= decay * weight
    float beta1 = 0;    ///< Adam: first = beta1 first + (1 - beta1) g; SGD: first = beta1 first + g
    float beta2 = 0;    ///< Adam: second = beta2 second + (1 - beta2) g^2
    float rate = 0;     ///< Adam: weight -= rate first / (sqrt(second) scale + epsilon)
    float scale = 1;    ///< SGD: weight -= rate first
    float epsilon = 0;
    float average_share = 0;  ///< average += average_share (weight - average)
};

void update_adam(const OptimizedRange& range, const UpdateRule& rule);

void update_sgd(const OptimizedRange& range, const UpdateRule& rule);

/// The sum of the squares.
double sum_of_squares(const float* numbers, std::int64_t count);

}  // namespace dbnet::train
