#include "train/trainer.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <torch/torch.h>

#include "core/error.hpp"
#include "core/memory.hpp"
#include "core/threads.hpp"
#include "core/timer.hpp"
#include "data/loader.hpp"
#include "detect/settings.hpp"
#include "model/onnx.hpp"
#include "train/compute_threads.hpp"
#include "train/distillation.hpp"
#include "train/graph_module.hpp"
#include "train/losses.hpp"
#include "train/model_metadata.hpp"
#include "train/optimizer.hpp"
#include "train/precision.hpp"
#include "train/run_files.hpp"
#include "train/schedule.hpp"
#include "train/start.hpp"
#include "train/step_guard.hpp"
#include "train/teacher.hpp"
#include "train/torch_error.hpp"
#include "train/training_state.hpp"
#include "train/validation.hpp"
#include "train/watchdog.hpp"

namespace dbnet::train {
namespace {

using core::LogLevel;
using torch::Tensor;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kFirstLossScale = 65536;
constexpr std::int64_t kLossScaleGrowth = 2000;  ///< good steps after which the scale is doubled

torch::Device device_named(const std::string& name) {
    const bool has_cuda = torch::cuda::is_available();
    if (name == "cuda" && !has_cuda)
        core::fail(ErrorCode::invalid_argument,
                   "device is cuda, but this machine or this LibTorch has no CUDA device");
    return name == "cpu" || !has_cuda ? torch::kCPU : torch::kCUDA;
}

void make_folder(const std::string& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) core::fail(ErrorCode::io, path, ": cannot create: ", error.message());
}

std::vector<data::Dataset> open_all(const std::vector<data::DatasetSpec>& specs) {
    if (specs.empty())
        core::fail(ErrorCode::invalid_argument, "no data set to train on: data.train is empty");
    std::vector<data::Dataset> opened;
    for (const data::DatasetSpec& spec : specs) opened.emplace_back(spec);
    return opened;
}

/// A batch on the device.
struct DeviceBatch {
    Tensor images;
    LossTargets targets;
    Tensor soft;  ///< [0, 1]; undefined without a teacher
};

DeviceBatch to_device(data::Batch& batch, torch::Device device) {
    const auto maps = [&](auto& values, int channels) {
        using Value = typename std::decay_t<decltype(values)>::value_type;
        return torch::from_blob(values.data(),
                                {batch.samples, channels, batch.size.height, batch.size.width},
                                torch::CppTypeToScalarType<Value>::value)
            .to(device)
            .to(torch::kFloat32);
    };
    return {maps(batch.images, 3),
            {maps(batch.probability, 1), maps(batch.probability_mask, 1), maps(batch.threshold, 1),
             maps(batch.threshold_mask, 1)},
            batch.soft.empty() ? Tensor() : maps(batch.soft, 1) / 255};
}

double number(const Tensor& loss) { return loss.defined() ? loss.item<double>() : kNaN; }

/// The averaged weights in the module, for as long as it lives.
class Averaged {
public:
    explicit Averaged(WeightAverage* average) : average_(average) {
        if (average_ != nullptr) average_->exchange();
    }
    ~Averaged() {
        if (average_ != nullptr) average_->exchange();
    }
    Averaged(const Averaged&) = delete;
    Averaged& operator=(const Averaged&) = delete;

private:
    WeightAverage* average_;
};

/// Messages from other threads, until this one passes them on.
class Complaints {
public:
    void put(const std::string& text) {
        const std::lock_guard lock(mutex_);
        texts_.push_back(text);
    }
    std::vector<std::string> take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(texts_, {});
    }

private:
    std::mutex mutex_;
    std::vector<std::string> texts_;
};

std::string joined(const std::vector<std::string>& items) {
    constexpr std::size_t kShown = 8;
    std::string text;
    for (std::size_t i = 0; i < std::min(kShown, items.size()); ++i)
        text += (i == 0 ? "" : ", ") + items[i];
    return items.size() > kShown ? core::concat(text, ", ... (", items.size(), ")") : text;
}

/// What became of the file that the weights come from, in lines for a person.
std::vector<std::string> summary(const Start& start, const std::string& file) {
    if (file.empty()) return {"the weights begin at random"};
    std::vector<std::string> lines{core::concat(file, ": ", start.used.size(), " tensors used")};
    if (!start.unused.empty()) lines.push_back("not used: " + joined(start.unused));
    if (!start.fresh.empty()) lines.push_back("begin at random: " + joined(start.fresh));
    return lines;
}

bool same_input(const detect::InputSpec& a, const detect::InputSpec& b) {
    return a.order == b.order && a.mean == b.mean && a.std == b.std;
}

/// Said where the configuration contradicts what the detector that is trained further says of its
/// input; else empty.
std::string input_warning(const model::Graph& graph, const TrainOptions& options) {
    const detect::ModelSettings settings = detect::settings_of(graph.metadata, {});
    if (settings.preset != Preset::native || same_input(settings.input, options.input)) return "";
    return options.start.init +
           ": its metadata and the configuration (input) differ in colour order, mean or std";
}

/// Ends a run whose numbers are none any more.
struct Diverged {
    std::string reason;
};

class Trainer {
public:
    Trainer(const TrainOptions& options, std::string run, Observer& observer,
            std::function<bool()> interrupted);
    RunEnd run();

private:
    void prepare(model::Graph graph);
    void open_validation();
    void begin_or_resume();
    bool load_newest(bool after_good_step);
    void return_to_checkpoint();
    void settle_precision();
    void open_loader();
    void say_what_validation_is_worth();

    RunEnd run_steps();
    void step();
    std::string learn(data::Batch& batch, StepReport& report);
    std::string fault_of(const StepReport& report) const;
    void take_step(StepReport& report);
    void skip_step(const std::string& fault, StepReport& report);
    void adapt_loss_scale(bool overflown);
    void set_freezing();

    bool validation_is_due() const;
    void validate();
    bool is_best(const ValidationReport& report) const;
    bool is_out_of_patience() const;

    void save();
    void try_to_save();
    RunEnd save_at(RunEnd end);
    model::Graph current_graph() const;
    double epochs_of(std::uint64_t step) const;
    RunPosition position() const;
    void say(LogLevel level, const std::string& text) { observer_.message(level, text); }

    const TrainOptions options_;
    const std::string run_;
    Observer& observer_;
    const std::function<bool()> interrupted_;
    const torch::Device device_;
    const ComputeThreads threads_;

    std::vector<data::Dataset> datasets_;
    std::unique_ptr<Validation> validation_;
    Precision precision_ = Precision::f32;  ///< settled
    std::unique_ptr<GraphModule> module_;
    std::string probability_;          ///< name of the probability map
    std::vector<LogitSource> logits_;  ///< of the probability map and, if any, the threshold map
    std::unique_ptr<Optimizer> optimizer_;
    std::unique_ptr<WeightAverage> average_;
    std::unique_ptr<StatisticsCopy> statistics_;  ///< of before the step
    Complaints complaints_;                       ///< of the loader
    std::unique_ptr<data::Loader> loader_;
    data::Batch batch_;  ///< the one that is learnt
    Progress progress_;
    StepGuard guard_{progress_.history};
    std::uint64_t samples_per_step_ = 0;
    std::uint64_t steps_ = 0;
    std::optional<bool> is_frozen_;
    core::Timer since_save_;
};

Trainer::Trainer(const TrainOptions& options, std::string run, Observer& observer,
                 std::function<bool()> interrupted)
    : options_(options),
      run_(std::move(run)),
      observer_(observer),
      interrupted_(std::move(interrupted)),
      device_(device_named(options.device)),
      threads_(options.threads > 0 ? options.threads : core::available_cores()) {
    check(options_);
    if (options_.precision == Precision::f16 && device_.is_cpu())
        core::fail(ErrorCode::invalid_argument,
                   "precision is f16, which needs a CUDA device; on a CPU use bf16");
    make_folder(run_);
    datasets_ = open_all(options_.data);
    open_validation();
    begin_or_resume();
    settle_precision();
    open_loader();
    say_what_validation_is_worth();
}

/// Three images, all right, say little; whoever reads an hmean of 1 should know that.
void Trainer::say_what_validation_is_worth() {
    constexpr std::size_t kFew = 20;
    if (!validation_ || validation_->images() >= kFew) return;
    say(LogLevel::warning,
        core::concat(
            "validation has ", validation_->images(), " image",
            validation_->images() == 1 ? "" : "s",
            ": trust its figures as far as their intervals say; holdout: 1/4, 2/4, ... hold "
            "back other images (docs/training.md, A few dozen photographs)"));
}

/// A run that has begun needs its validation images no more than a full disk.
void Trainer::open_validation() {
    if (options_.validation.data.empty()) return;
    try {
        validation_ = std::make_unique<Validation>(options_);
    } catch (const Error& error) {
        if (checkpoints(run_).empty()) throw;
        say(LogLevel::warning, core::concat(error.what(), "; the run goes on without validation"));
    }
    if (validation_ && validation_->images() == 0) {
        say(LogLevel::warning,
            "no image is held back, so there is no validation: the last weights are the result");
        validation_ = nullptr;
    }
}

void Trainer::prepare(model::Graph graph) {
    probability_ = graph.outputs.front().name;
    logits_ = {logits_of(graph, probability_)};
    if (graph.outputs.size() > 1) logits_.push_back(logits_of(graph, graph.outputs[1].name));
    module_ = std::make_unique<GraphModule>(std::move(graph), precision_);
    module_->to(device_);
    module_->train();
    module_->set_norm_eval(options_.norm_eval);
    is_frozen_.reset();
    optimizer_ = std::make_unique<Optimizer>(module_->weights(), options_.optimizer);
    if (options_.ema > 0) average_ = std::make_unique<WeightAverage>(*module_, options_.ema);
    statistics_ = std::make_unique<StatisticsCopy>(*module_);
}

/// False if no checkpoint can be read. `after_good_step`: those written in a series of bad steps
/// are passed over.
bool Trainer::load_newest(bool after_good_step) {
    for (const CheckpointFolder& folder : checkpoints(run_)) {
        try {
            prepare(model::read_onnx(folder.weights()));
            const Progress found =
                load_state(folder.state(), *optimizer_, *module_, average_ != nullptr);
            if (after_good_step && found.history.in_a_row > 0) continue;
            progress_ = found;
            return true;
        } catch (const Error& error) {
            if (error.code() == ErrorCode::invalid_argument) throw;
            say(LogLevel::warning, core::concat(error.what(), "; trying an older checkpoint"));
        }
    }
    return false;
}

void Trainer::begin_or_resume() {
    if (load_newest(false)) {
        say(LogLevel::info, core::concat("going on from step ", progress_.step));
        return;
    }
    if (!checkpoints(run_).empty())
        core::fail(ErrorCode::malformed, run_, ": none of its checkpoints can be read");
    Start start = make_start(options_.start);
    for (const std::string& line : summary(start, options_.start.init)) say(LogLevel::info, line);
    if (options_.start.network_of_init) {
        const std::string text = input_warning(start.graph, options_);
        if (!text.empty()) say(LogLevel::warning, text);
    }
    prepare(std::move(start.graph));
}

/// A run that goes on on the same processor keeps what `auto` was settled to.
void Trainer::settle_precision() {
    Precision precision = options_.precision;
    const std::int64_t processor = processor_number(device_);
    if (precision == Precision::automatic && progress_.settled_for == processor)
        precision = static_cast<Precision>(progress_.settled_precision);
    if (precision == Precision::automatic) {
        const PrecisionTimes times = time_precisions(
            module_->graph(), device_, options_.sample.augment.size, options_.batch_size);
        precision = times.faster();
        progress_.settled_precision = static_cast<std::int64_t>(precision);
        progress_.settled_for = processor;
        say(LogLevel::info,
            core::concat("precision ", precision == Precision::bf16 ? "bf16" : "f32",
                         ": a step of ", times.samples, " samples takes ", times.bf16,
                         " s in bf16, ", times.f32, " s in f32"));
    }
    precision_ = precision;
    module_->set_precision(precision);
    if (precision != Precision::f16)
        progress_.loss_scale = 1;
    else if (progress_.loss_scale == 1)
        progress_.loss_scale = kFirstLossScale;
}

/// On a GPU one thread computes here.
int workers_of(const TrainOptions& options, const torch::Device& device) {
    if (options.workers > 0) return options.workers;
    return data::default_workers(core::available_cores(),
                                 device.is_cpu() ? at::get_num_threads() : 1);
}

std::uint64_t cache_bytes_of(const TrainOptions& options) {
    constexpr std::uint64_t kCacheShare = 8;
    if (options.cache_mb < 0) return core::usable_memory() / kCacheShare;
    return static_cast<std::uint64_t>(options.cache_mb * 1e6);
}

/// Weights, optimiser and average become those of the newest checkpoint; the run itself goes on.
void Trainer::return_to_checkpoint() {
    const Progress now = progress_;
    progress_ = {};
    if (!load_newest(true)) prepare(make_start(options_.start).graph);
    const std::uint64_t step = std::exchange(progress_, now).step;
    guard_.has_returned();
    say(LogLevel::warning,
        core::concat("step ", now.step, ": ", StepGuard::kMostInARow,
                     " steps in a row were skipped; the weights are those of step ", step,
                     " again, the learning rate is ", guard_.rate_factor(),
                     " times what the configuration says"));
}

void Trainer::open_loader() {
    data::LoaderOptions loading;
    loading.sample = options_.sample;
    if (!options_.distill.model.empty())
        loading.sample.teacher = std::make_shared<Teacher>(
            options_.distill, run_ + "/teacher",
            options_.threads > 0 ? options_.threads : core::available_cores());
    loading.input = options_.input;
    loading.batch_size = options_.batch_size;
    loading.workers = workers_of(options_, device_);
    loading.cache_bytes = cache_bytes_of(options_);
    loading.seed = options_.seed;
    loading.position = progress_.samples;
    loader_ = std::make_unique<data::Loader>(
        datasets_, loading, [this](const std::string& text) { complaints_.put(text); });
    if (progress_.epoch_size != 0 && progress_.epoch_size != loader_->epoch_size())
        say(LogLevel::warning,
            core::concat("an epoch has ", loader_->epoch_size(), " samples, it had ",
                         progress_.epoch_size, ": the data is not the same as up to now"));
    progress_.epoch_size = loader_->epoch_size();
    samples_per_step_ = static_cast<std::uint64_t>(options_.batch_size) *
                        static_cast<std::uint64_t>(options_.accumulate);
    const double samples = options_.epochs * static_cast<double>(loader_->epoch_size());
    steps_ = static_cast<std::uint64_t>(
        std::max(1.0, std::ceil(samples / static_cast<double>(samples_per_step_))));
}

double Trainer::epochs_of(std::uint64_t step) const {
    return static_cast<double>(step * samples_per_step_) /
           static_cast<double>(loader_->epoch_size());
}

RunPosition Trainer::position() const {
    return {progress_.step, steps_, progress_.samples, epochs_of(progress_.step)};
}

RunEnd Trainer::run() {
    try {
        return save_at(run_steps());
    } catch (const Diverged& diverged) {
        say(LogLevel::error, diverged.reason);
        return RunEnd::diverged;
    }
}

RunEnd Trainer::run_steps() {
    try {
        while (!interrupted_()) {
            if (validation_is_due()) validate();
            if (progress_.step >= steps_) return RunEnd::finished;
            if (is_out_of_patience()) return RunEnd::out_of_patience;
            step();
            const bool is_good = progress_.history.in_a_row == 0;
            if (is_good && since_save_.seconds() >= 60 * options_.checkpoint_minutes) try_to_save();
        }
    } catch (const Error& error) {
        if (error.code() != ErrorCode::cancelled) throw;
    }
    return RunEnd::interrupted;
}

void Trainer::set_freezing() {
    const bool freeze =
        !options_.freeze.empty() &&
        (options_.freeze_epochs < 0 || epochs_of(progress_.step) < options_.freeze_epochs);
    if (is_frozen_ == freeze) return;
    module_->freeze(freeze ? options_.freeze : std::vector<std::string>());
    if (is_frozen_ || freeze)
        say(LogLevel::info, freeze ? "frozen: part of the weights" : "nothing is frozen any more");
    is_frozen_ = freeze;
}

/// One step of the optimiser.
void Trainer::step() {
    set_freezing();
    StepReport report;
    report.rate =
        options_.optimizer.rate * guard_.rate_factor() *
        relative_rate(options_.schedule, epochs_of(progress_.step), epochs_of(1), options_.epochs);
    drop_gradients(module_->weights());
    statistics_->keep();
    std::string fault;
    for (int i = 0; i < options_.accumulate; ++i) {
        const core::Timer waiting;
        batch_ = loader_->next(std::move(batch_));
        report.times.data += waiting.seconds();
        observer_.batch(position(), batch_);
        if (fault.empty()) fault = learn(batch_, report);
    }
    const core::Timer timer;
    report.gradient_norm = optimizer_->gradient_norm() / progress_.loss_scale;
    if (fault.empty()) fault = fault_of(report);
    fault.empty() ? take_step(report) : skip_step(fault, report);
    ++progress_.step;
    progress_.samples += samples_per_step_;
    report.at = position();
    report.times.optimizer = timer.seconds();
    report.skipped_steps = static_cast<std::uint64_t>(progress_.history.skipped);
    for (const std::string& text : complaints_.take()) say(LogLevel::warning, text);
    observer_.step(report);
    if (guard_.is_hopeless())
        throw Diverged{core::concat("all steps are bad again after ", StepGuard::kMostReturns,
                                    " returns to a checkpoint: the run is given up")};
    if (guard_.must_return()) return_to_checkpoint();
}

/// Forward and backward; adds to the report and to the gradients. Says what is wrong with the loss.
std::string Trainer::learn(data::Batch& batch, StepReport& report) {
    core::Timer forward;
    const DeviceBatch input = to_device(batch, device_);
    const std::vector<Tensor> logits = module_->logits(input.images, logits_);
    Losses losses = losses_of_logits(logits.front(), logits.size() > 1 ? logits[1] : Tensor(),
                                     input.targets, options_.loss);
    const double share = 1.0 / options_.accumulate;
    if (input.soft.defined()) {
        const Tensor distance =
            distillation_loss(logits.front(), input.soft, options_.loss.negative_ratio);
        losses.total = losses.total + options_.distill.weight * distance;
        report.losses.teacher += share * number(distance);
    }
    report.times.forward += forward.seconds();
    const core::Timer backward;
    (losses.total * (share * progress_.loss_scale)).backward();
    report.losses.total += share * number(losses.total);
    report.losses.probability += share * number(losses.probability);
    report.losses.threshold += share * number(losses.threshold);
    report.losses.binary += share * number(losses.binary);
    report.times.backward += backward.seconds();
    report.samples += batch.samples;
    if (std::isfinite(report.losses.total)) return {};
    // The layer is looked for once: that takes as long as many steps.
    return progress_.history.in_a_row > 0
               ? "not a finite number: the loss"
               : bad_loss(*module_, input.images, report.losses, logits.size() > 1);
}

/// What is wrong with the step whose gradients are there; empty: nothing.
std::string Trainer::fault_of(const StepReport& report) const {
    if (report.losses.total > guard_.limit())
        return core::concat("its loss, ", report.losses.total, ", is far above those before it");
    if (const std::string name = bad_statistic(*module_); !name.empty())
        return core::concat("not a finite number: '", name, "'");
    // Half-precision gradients that overflow are no news.
    const bool finite = std::isfinite(report.gradient_norm) || precision_ == Precision::f16;
    return finite ? "" : bad_gradient(*module_);
}

void Trainer::take_step(StepReport& report) {
    const bool finite = std::isfinite(report.gradient_norm);
    if (finite) {
        double factor = 1 / progress_.loss_scale;
        const double most = options_.optimizer.clip_norm;
        if (most > 0 && report.gradient_norm > most) factor *= most / report.gradient_norm;
        const double share = average_ ? average_->share(progress_.step + 1) : 0;
        optimizer_->step(report.rate, factor, average_.get(), share);
        if (average_) average_->update(progress_.step + 1);
    }
    adapt_loss_scale(!finite);
    guard_.accept(report.losses.total);
}

/// Nothing but the count of steps remains of it.
void Trainer::skip_step(const std::string& fault, StepReport& report) {
    statistics_->restore();
    guard_.skip();
    report.skipped = true;
    if (progress_.history.in_a_row == 1)
        say(LogLevel::warning, core::concat("step ", progress_.step + 1, " is skipped: ", fault));
}

/// Where half-precision gradients overflowed, the weights stay and the scale is halved.
void Trainer::adapt_loss_scale(bool overflown) {
    if (precision_ != Precision::f16) return;
    if (overflown) {
        progress_.loss_scale /= 2;
        progress_.good_steps = 0;
    } else if (++progress_.good_steps == kLossScaleGrowth) {
        progress_.loss_scale *= 2;
        progress_.good_steps = 0;
    }
}

bool Trainer::validation_is_due() const {
    if (!validation_ || progress_.step == progress_.validated) return false;
    const auto count = [&](std::uint64_t step) {
        return std::floor(epochs_of(step) / options_.validation.every);
    };
    return progress_.step == steps_ || count(progress_.step) > count(progress_.validated);
}

/// Of the same hmean, which few images give often, the later weights are kept unless they have the
/// higher loss.
bool Trainer::is_best(const ValidationReport& report) const {
    const double hmean = report.figures.hmean;
    return hmean > progress_.best_hmean ||
           (hmean == progress_.best_hmean && !(report.loss > progress_.best_loss));
}

void Trainer::validate() {
    const Averaged averaged(average_.get());
    ValidationReport report = validation_->run(
        *module_, probability_,
        [&](std::size_t done) { observer_.validating(done, validation_->images()); },
        [&](const std::string& text) { say(LogLevel::warning, text); }, interrupted_);
    report.at = position();
    report.is_best = is_best(report);
    progress_.validated = progress_.step;
    progress_.since_best = report.is_best ? 0 : progress_.since_best + 1;
    if (report.is_best) {
        progress_.best_hmean = report.figures.hmean;
        progress_.best_loss = report.loss;
        progress_.box_threshold = static_cast<double>(report.box_threshold);
        try {
            model::write_onnx(current_graph(), best_weights(run_));
        } catch (const Error& error) {
            say(LogLevel::warning, core::concat("the best weights are not kept: ", error.what()));
        }
    }
    observer_.validation(report);
}

bool Trainer::is_out_of_patience() const {
    const int patience = options_.validation.patience;
    return patience > 0 && progress_.since_best >= patience;
}

model::Graph Trainer::current_graph() const {
    model::Graph graph = module_->to_graph();
    describe(graph, options_,
             {progress_.step, progress_.samples, progress_.best_hmean, progress_.box_threshold});
    return graph;
}

void Trainer::save() {
    if (const std::string weight = bad_weight(*module_); !weight.empty()) throw Diverged{weight};
    write_checkpoint(run_, progress_.step, [&](const CheckpointFolder& folder) {
        {
            const Averaged averaged(average_.get());
            model::write_onnx(current_graph(), folder.weights());
        }
        save_state(folder.state(), progress_, *optimizer_, *module_, average_ != nullptr);
    });
    since_save_ = {};
}

void Trainer::try_to_save() {
    if (!bad_weight(*module_).empty()) return;  // the next step will be bad
    try {
        save();
    } catch (const Error& error) {
        say(LogLevel::warning, core::concat("no checkpoint: ", error.what(),
                                            "; the run goes on, older ones are kept"));
        since_save_ = {};
    }
}

/// The end of the run, unless its last checkpoint cannot be written.
RunEnd Trainer::save_at(RunEnd end) {
    try {
        save();
        return end;
    } catch (const Error& error) {
        if (error.code() != ErrorCode::io) throw;
        say(LogLevel::error, core::concat(error.what(),
                                          "; the older checkpoints are kept, and the same "
                                          "command goes on from the newest"));
        return RunEnd::unsaved;
    }
}

}  // namespace

RunEnd train(const TrainOptions& options, const std::string& run, Observer& observer,
             const std::function<bool()>& interrupted) {
    try {
        return Trainer(options, run, observer, interrupted).run();
    } catch (const c10::Error& error) {
        fail_of(error, "the training step");
    }
}

}  // namespace dbnet::train
