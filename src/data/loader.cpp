#include "data/loader.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/error.hpp"
#include "data/normalise.hpp"

namespace dbnet::data {
namespace {

constexpr int kMostWorkers = 256;

void check_range(std::string_view name, int value, int most) {
    if (value < 1 || value > most)
        core::fail(ErrorCode::invalid_argument, "loader: ", name, " is ", value, ", expected 1 to ",
                   most);
}

template <typename Value>
void put(const std::vector<Value>& map, std::size_t place, std::vector<Value>& maps) {
    std::copy_n(map.data(), map.size(), maps.data() + place * map.size());
}

}  // namespace

int default_workers(int cores, int computing) {
    constexpr int kMost = 16;
    constexpr int kComputingPerWorker = 16;
    const int idle = cores - computing;
    return std::clamp(std::max(idle, (computing + kComputingPerWorker - 1) / kComputingPerWorker),
                      1, kMost);
}

Loader::Loader(const std::vector<Dataset>& datasets, const LoaderOptions& options,
               FileErrorSink on_error)
    : options_(options),
      sequence_(datasets, options.sample, options.seed, std::move(on_error), options.cache_bytes) {
    check_range("batch_size", options.batch_size, 4096);
    check_range("workers", options.workers, kMostWorkers);
    check_range("batches_ahead", options.batches_ahead, 64);
    // Many workers at small batches need more of them to begin.
    works_.resize(static_cast<std::size_t>(options.batches_ahead +
                                           (options.workers - 1) / options.batch_size));
    for (Work& work : works_) provide(work.batch);
    for (int i = 0; i < options.workers; ++i) threads_.emplace_back([this] { run(); });
}

Loader::~Loader() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    work_free_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

Batch Loader::next(Batch used) {
    provide(used);
    {
        std::unique_lock lock(mutex_);
        batch_ready_.wait(
            lock, [&] { return failure_ || work_of(given_).finished == options_.batch_size; });
        if (failure_) std::rethrow_exception(failure_);
        Work& work = work_of(given_);
        std::swap(work.batch, used);
        work.finished = 0;
        used.position =
            options_.position + given_++ * static_cast<std::uint64_t>(options_.batch_size);
    }
    work_free_.notify_all();
    return used;
}

void Loader::run() {
    try {
        make_samples();
    } catch (...) {
        const std::lock_guard lock(mutex_);
        failure_ = std::current_exception();
        batch_ready_.notify_all();
    }
}

void Loader::make_samples() {
    const auto batch_size = static_cast<std::uint64_t>(options_.batch_size);
    std::unique_lock lock(mutex_);
    for (;;) {
        work_free_.wait(lock,
                        [&] { return stopping_ || taken_ / batch_size < given_ + works_.size(); });
        if (stopping_) return;
        const std::uint64_t sample = taken_++;
        Work& work = work_of(sample / batch_size);
        lock.unlock();
        make(options_.position + sample, work.batch, sample % batch_size);
        lock.lock();
        if (++work.finished == options_.batch_size) batch_ready_.notify_one();
    }
}

/// Gives a batch its memory, if it has none.
void Loader::provide(Batch& batch) const {
    const Size size = options_.sample.augment.size;
    const auto samples = static_cast<std::size_t>(options_.batch_size);
    const std::size_t pixels =
        samples * static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height);
    batch.samples = options_.batch_size;
    batch.size = size;
    batch.images.resize(3 * pixels);
    batch.probability.resize(pixels);
    batch.probability_mask.resize(pixels);
    batch.threshold.resize(pixels);
    batch.threshold_mask.resize(pixels);
    if (options_.sample.teacher) batch.soft.resize(pixels);
    batch.labels.resize(samples);
}

void Loader::make(std::uint64_t position, Batch& batch, std::size_t place) {
    Sample sample = sequence_.at(position);
    const std::size_t floats = batch.images.size() / static_cast<std::size_t>(batch.samples);
    normalise(sample.picture.row(0), floats / 3, options_.input,
              batch.images.data() + place * floats);
    put(sample.targets.probability, place, batch.probability);
    put(sample.targets.probability_mask, place, batch.probability_mask);
    put(sample.targets.threshold, place, batch.threshold);
    put(sample.targets.threshold_mask, place, batch.threshold_mask);
    put(sample.soft, place, batch.soft);
    batch.labels[place] = std::move(sample.labels);
}

}  // namespace dbnet::data
