#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <dbnet/detector.hpp>

#include "data/dataset.hpp"
#include "data/sample.hpp"
#include "detect/preprocess.hpp"
#include "model/networks/network.hpp"

// Everything that a training run is told; a configuration file fills it (docs/training.md). Without
// LibTorch, so that whoever reads configurations need not compile it.
namespace dbnet::train {

/// Type of activations and of the weights of convolutions and matrix products. Master weights,
/// batch statistics and running statistics are f32 always; f16 is for CUDA only. `automatic` is
/// f32 or bf16, whichever the machine is faster in.
enum class Precision { automatic, f32, bf16, f16 };

enum class ProbabilityLoss { balanced_bce, dice };

/// Paper, section 3.5; specification, 5.
struct LossOptions {
    double probability_weight = 5;
    double threshold_weight = 10;
    double binary_weight = 1;
    ProbabilityLoss probability_loss = ProbabilityLoss::balanced_bce;
    double negative_ratio = 3;  ///< hardest negatives kept per positive pixel
    double k = 50;              ///< steepness of the approximate binarisation
};

/// What is trained, and what it starts from.
struct StartOptions {
    /// The network that `init` holds (an ONNX file) instead of the one that `network` describes.
    bool network_of_init = false;
    /// With network_of_init: `threshold_branch` says whether a network without one gets it.
    model::NetworkOptions network = {};
    /// Weights to start from: .pth, .onnx, a checkpoint or the folder of a run; empty: random.
    std::string init = {};
};

struct OptimizerOptions {
    enum class Kind { sgd, adam, adamw };
    Kind kind = Kind::adamw;
    double rate = 1e-3;  ///< the highest learning rate
    /// By what a parameter's name begins with: its rate is so many times `rate`. The longest
    /// counts.
    std::map<std::string, double> rates;
    double momentum = 0.9;  ///< SGD
    double beta1 = 0.9;     ///< Adam, AdamW
    double beta2 = 0.999;
    double weight_decay = 1e-4;  ///< not for biases and BatchNormalization
    double clip_norm = 0;        ///< gradients are scaled down to this norm; 0: never
};

/// The learning rate over the run.
struct ScheduleOptions {
    enum class Kind { constant, poly, cosine, step };
    Kind kind = Kind::cosine;
    double warmup = 0;               ///< epochs in which the rate rises linearly
    double power = 0.9;              ///< poly
    std::vector<double> milestones;  ///< step: epochs at which the rate is multiplied by gamma
    double gamma = 0.1;
    double final_rate = 0;  ///< poly, cosine: relative to the highest rate
};

/// A detector whose probability maps are learnt beside the labels, or instead of them.
struct DistillOptions {
    std::string model;       ///< ONNX; empty: no teacher
    double weight = 5;       ///< of distillation_loss(), as LossOptions::probability_weight
    SizeRule size = {};      ///< the teacher's input
    std::string cache;       ///< folder of its maps; empty: `teacher` in the run's folder
    double cache_mb = 4000;  ///< most megabytes in it; beyond, maps are computed each time
};

/// How a model is judged while it is trained.
struct ValidationOptions {
    std::vector<data::DatasetSpec> data;  ///< empty: no validation
    double every = 1;                     ///< epochs
    SizeRule size;                        ///< network input
    float threshold = 0.3f;               ///< binarisation
    float unclip_ratio = 1.5f;
    int patience = 0;  ///< stop after so many validations without a better hmean; 0: never
};

struct TrainOptions {
    StartOptions start;
    std::vector<data::DatasetSpec> data;
    data::SampleOptions sample;
    detect::InputSpec input;
    LossOptions loss;
    DistillOptions distill;
    OptimizerOptions optimizer;
    ScheduleOptions schedule;
    ValidationOptions validation;

    double epochs = 100;
    int batch_size = 8;
    int accumulate = 1;  ///< batches whose gradients are added up for one step of the optimiser
    double ema = 0;      ///< decay of the averaged weights, per step; 0: no average
    /// Parameters whose names start with one of these stay as they are for the first freeze_epochs.
    std::vector<std::string> freeze;
    double freeze_epochs = 0;  ///< negative: for the whole run
    /// BatchNormalization in evaluation mode: with the running statistics, which stay as they are.
    bool norm_eval = false;
    std::uint64_t seed = 0;
    double checkpoint_minutes = 10;

    // How, not what: a run may be continued with others.
    Precision precision = Precision::automatic;
    std::string device = "auto";  ///< auto, cpu or cuda
    int threads = 0;              ///< that compute; 0: all cores
    int workers = 0;              ///< threads that make samples; 0: as data::default_workers() says
    /// Decimal megabytes for decoded pictures that are kept in memory; -1: an eighth of the
    /// memory that this process can use.
    double cache_mb = -1;
};

/// An option that cannot be used as it is.
struct OptionProblem {
    std::string key;   ///< "optimizer.rate": as configuration files name it
    std::string text;  ///< "is -1, expected more than 0 and at most 100"
};

/// What check() would throw for, in the order of the configuration file.
std::vector<OptionProblem> problems(const TrainOptions& options);

/// Throws Error{invalid_argument} for the first of problems(): the key, its value and its range.
void check(const TrainOptions& options);

}  // namespace dbnet::train
