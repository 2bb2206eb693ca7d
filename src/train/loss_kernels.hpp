#pragma once

#include <cstdint>
#include <initializer_list>

// The losses of Differentiable Binarization (losses.hpp) in one pass over the maps each way, in f32
// with sums in double. Nothing here knows of LibTorch and of threads: a caller gives each thread
// its pixels. Compiled for several instruction sets and chosen at run time.
namespace dbnet::train {

/// Pixels of a batch: what the network said, as logits, and what it should have said.
struct LossPixels {
    const float* probability_logits;
    const float* threshold_logits;  ///< null: there is no threshold branch
    const float* probability;       ///< G
    const float* probability_mask;  ///< M
    const float* threshold;
    const float* threshold_mask;

    LossPixels from(std::int64_t first) const {
        LossPixels pixels = *this;
        for (const float** map :
             {&pixels.probability_logits, &pixels.threshold_logits, &pixels.probability,
              &pixels.probability_mask, &pixels.threshold, &pixels.threshold_mask})
            if (*map != nullptr) *map += first;
        return pixels;
    }
};

/// What the losses are made of. P, T and B are the probability, threshold and binary map.
struct LossSums {
    double positives = 0;         ///< G M
    double negatives = 0;         ///< (1 - G) M
    double entropy = 0;           ///< of the positives: e G M with the cross-entropy e
    double probability = 0;       ///< P M
    double probability_text = 0;  ///< P G M
    double binary = 0;            ///< B M
    double binary_text = 0;       ///< B G M
    double border = 0;            ///< the threshold mask
    double difference = 0;        ///< |T - its target| times the threshold mask

    static constexpr int kCount = 9;
    double* begin() { return &positives; }
};

/// Adds the sums of `count` pixels. Unless `hardness` is null it gets e (1 - G) M, by which the
/// hardest negatives are chosen; only then is there a cross-entropy. `k` is the steepness of B.
void add_loss_sums(const LossPixels& pixels, std::int64_t count, float k, LossSums& sums,
                   float* hardness);

/// The derivatives of the total loss by the sums, and which negatives count.
struct LossSlopes {
    float entropy = 0;  ///< also by the hardness of a negative that counts
    float probability = 0;
    float probability_text = 0;
    float binary = 0;
    float binary_text = 0;
    float difference = 0;
    float k = 0;
    float least_hardness = 0;  ///< of the negatives that count
    float tie_share = 0;       ///< what one that is just as hard counts
};

/// The sum of the hardness of the negatives that count.
double sum_of_hardest(const float* hardness, std::int64_t count, const LossSlopes& slopes);

/// The gradients by the logits. `hardness` as add_loss_sums() wrote it, or null;
/// `threshold_gradient` is null without a threshold branch.
void write_loss_gradients(const LossPixels& pixels, std::int64_t count, const float* hardness,
                          const LossSlopes& slopes, float* probability_gradient,
                          float* threshold_gradient);

}  // namespace dbnet::train
