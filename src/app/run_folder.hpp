#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "app/step_means.hpp"
#include "app/tensorboard.hpp"
#include "app/training_curves.hpp"
#include "app/training_pictures.hpp"
#include "app/training_progress.hpp"
#include "core/file.hpp"
#include "core/timer.hpp"
#include "detect/preprocess.hpp"
#include "formats/document.hpp"
#include "train/observer.hpp"

namespace dbnet::app {

/// Writes into the folder of a training run what one sees of it (docs/training.md): train.log,
/// events.jsonl, results.csv, files for TensorBoard, plots and pictures. What is written survives
/// the end of the process, however it comes. When something cannot be written (a full disk) it says
/// so once and the training goes on.
class RunFolder : public train::Observer {
public:
    using Say = std::function<void(core::LogLevel, const std::string&)>;
    using Status = std::function<void(const std::string&)>;

    /// Makes the folder if it is missing. What an earlier sitting wrote about steps after
    /// `resumed_step` is taken out. `say` is told messages, `status` the line that shows how far
    /// the run is, at every step. Throws Error{io}.
    RunFolder(std::string folder, std::uint64_t resumed_step, const detect::InputSpec& input,
              Say say, Status status);
    /// Completes the files.
    ~RunFolder() override;
    RunFolder(const RunFolder&) = delete;
    RunFolder& operator=(const RunFolder&) = delete;

    void message(core::LogLevel level, const std::string& text) override;
    void batch(const train::RunPosition& at, const data::Batch& batch) override;
    void step(const train::StepReport& report) override;
    void validation(const train::ValidationReport& report) override;
    void validating(std::size_t done, std::size_t images) override;

    /// "best: step 40, hmean 0.9231 (95 %: 0.7812 to 0.9802) on 3 images"; empty: no validation.
    const std::string& best() const noexcept { return best_; }

private:
    std::string cut_events();
    std::string cut_results() const;
    double seconds() const { return seconds_before_ + timer_.seconds(); }
    void log(const std::string& text);
    void recall(const formats::Json& event);
    void write_event(const formats::OrderedJson& event);
    void write_step_event();
    void write_validation_event(const train::ValidationReport& report);
    void show_findings(const train::ValidationReport& report);
    void show_on_tensorboard(const std::string& tag, std::uint64_t step, const Image& image);
    void write_row(const train::ValidationReport* validation);
    void guarded(const std::function<void()>& write);

    const std::string folder_;
    const std::uint64_t resumed_step_;
    const detect::InputSpec input_;
    const Say say_;
    const Status status_;
    bool complained_ = false;

    double seconds_before_ = 0;  ///< that earlier sittings took
    core::Timer timer_;
    TrainingCurves curves_;
    std::optional<std::uint64_t> validated_;  ///< the step of the last validation that is written
    std::string best_;
    core::AppendFile log_;
    core::AppendFile events_;
    core::AppendFile results_;
    TensorBoardWriter tensorboard_;
    PictureFolder pictures_;

    TrainingProgress progress_;
    train::StepReport last_;  ///< what was reported last
    double logged_ = 0;       ///< seconds() of the last line about steps
    double event_ = 0;        ///< and of the last event about steps
    StepMeans since_event_;
    StepMeans since_row_;
    bool batch_due_ = true;                     ///< the next batch is to be drawn
    std::map<std::string, double> next_shown_;  ///< by tag: the step of TensorBoard's next image
    bool row_due_ = false;                      ///< an epoch is complete; no validation, no row yet
};

}  // namespace dbnet::app
