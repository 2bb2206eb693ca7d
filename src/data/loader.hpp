#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "data/sample_sequence.hpp"
#include "detect/preprocess.hpp"

namespace dbnet::data {

/// Samples one after the other: the arrays begin with that dimension.
struct Batch {
    std::uint64_t position = 0;  ///< of the first sample, counted over all epochs
    int samples = 0;
    Size size;
    std::vector<float> images;                   ///< samples x 3 x height x width, normalised
    std::vector<std::uint8_t> probability;       ///< samples x height x width, as in TargetMaps
    std::vector<std::uint8_t> probability_mask;  ///< likewise
    std::vector<float> threshold;                ///< likewise
    std::vector<std::uint8_t> threshold_mask;    ///< likewise
    std::vector<std::uint8_t> soft;  ///< likewise, Sample::soft; empty without a teacher
    std::vector<std::vector<TextLabel>> labels;
};

struct LoaderOptions {
    SampleOptions sample;
    detect::InputSpec input;
    int batch_size = 8;
    int workers = 1;                ///< threads that make samples
    int batches_ahead = 2;          ///< how many batches may be in work or wait, at most
    std::uint64_t cache_bytes = 0;  ///< of decoded pictures that are kept in memory, at most
    std::uint64_t seed = 0;
    std::uint64_t position = 0;  ///< of the first sample: 0, or where an earlier run stopped
};

/// How many workers to have beside `computing` threads that train, of the `cores` that the process
/// may use: one for each core that does not compute, and one for every 16 that do, 1 to 16. A worker
/// makes 200 to 1100 samples per second (docs/design/training-speed.md) and sleeps when it is ahead;
/// 16 cores that train ask for no more than that.
int default_workers(int cores, int computing);

/// Endless batches of the samples of a SampleSequence at position, position + 1, ... They depend
/// neither on the workers nor on where the loader began.
class Loader {
public:
    /// The data sets must outlive the loader. Throws Error{invalid_argument}.
    Loader(const std::vector<Dataset>& datasets, const LoaderOptions& options,
           FileErrorSink on_error);
    ~Loader();
    Loader(const Loader&) = delete;
    Loader& operator=(const Loader&) = delete;

    std::uint64_t epoch_size() const noexcept { return sequence_.epoch_size(); }

    /// Waits for the next batch. A batch that is not needed any more can be given back for it: its
    /// memory is used again, and a run that does so allocates no batch after the first ones. Throws
    /// what stopped a worker: Error{malformed} when no file of an epoch can be used.
    Batch next(Batch used = {});

private:
    struct Work {
        Batch batch;
        int finished = 0;  ///< samples
    };

    void run();
    void make_samples();
    void provide(Batch& batch) const;
    void make(std::uint64_t position, Batch& batch, std::size_t place);
    Work& work_of(std::uint64_t batch) { return works_[batch % works_.size()]; }

    const LoaderOptions options_;
    SampleSequence sequence_;

    std::mutex mutex_;  ///< of the members up to stopping_, but not of what batches hold
    std::condition_variable batch_ready_;
    std::condition_variable work_free_;
    /// A ring: batch i is made in works_[i % size] once batch i - size is given out.
    std::vector<Work> works_;
    std::uint64_t taken_ = 0;     ///< samples that workers have begun
    std::uint64_t given_ = 0;     ///< batches
    std::exception_ptr failure_;  ///< what stopped a worker
    bool stopping_ = false;

    std::vector<std::thread> threads_;
};

}  // namespace dbnet::data
