#include "data/loader.hpp"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "core/error.hpp"

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
    std::ranges::copy(map, maps.begin() + static_cast<std::ptrdiff_t>(place * map.size()));
}

void normalise(const Image& picture, const detect::InputSpec& spec, std::span<float> nchw) {
    const int width = picture.width();
    const int height = picture.height();
    detect::preprocess(picture, {width, height, width, height, width, height},
                       {0, 0, width, height}, spec, nchw);
}

}  // namespace

Loader::Loader(const std::vector<Dataset>& datasets, const LoaderOptions& options,
               FileErrorSink on_error)
    : options_(options),
      sequence_(datasets, options.sample, options.seed, std::move(on_error)),
      taken_(options.position) {
    check_range("batch_size", options.batch_size, 4096);
    check_range("workers", options.workers, kMostWorkers);
    check_range("batches_ahead", options.batches_ahead, 64);
    for (int i = 0; i < options.workers; ++i) threads_.emplace_back([this] { run(); });
}

Loader::~Loader() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    work_changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

Batch Loader::next() {
    std::unique_ptr<Work> work;
    {
        std::unique_lock lock(mutex_);
        work_changed_.wait(lock, [&] {
            return failure_ || (!works_.empty() && works_.front()->finished == options_.batch_size);
        });
        if (failure_) std::rethrow_exception(failure_);
        work = std::move(works_.front());
        works_.pop_front();
    }
    work_changed_.notify_all();
    return std::move(work->batch);
}

void Loader::run() {
    try {
        make_samples();
    } catch (...) {
        const std::lock_guard lock(mutex_);
        failure_ = std::current_exception();
        work_changed_.notify_all();
    }
}

void Loader::make_samples() {
    const auto batch_size = static_cast<std::uint64_t>(options_.batch_size);
    std::unique_lock lock(mutex_);
    for (;;) {
        std::size_t place = 0;
        work_changed_.wait(lock, [&] {
            place = static_cast<std::size_t>((taken_ - options_.position) % batch_size);
            return stopping_ || place != 0 || std::ssize(works_) < options_.batches_ahead;
        });
        if (stopping_) return;
        if (place == 0) works_.push_back(new_work(taken_));
        Work& work = *works_.back();
        const std::uint64_t position = taken_++;
        lock.unlock();
        make(position, work.batch, place);
        lock.lock();
        if (++work.finished == options_.batch_size) work_changed_.notify_all();
    }
}

std::unique_ptr<Loader::Work> Loader::new_work(std::uint64_t position) const {
    const Size size = options_.sample.augment.size;
    const auto samples = static_cast<std::size_t>(options_.batch_size);
    const std::size_t pixels =
        samples * static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height);
    auto work = std::make_unique<Work>();
    work->batch = {position,
                   options_.batch_size,
                   size,
                   std::vector<float>(3 * pixels),
                   std::vector<std::uint8_t>(pixels),
                   std::vector<std::uint8_t>(pixels),
                   std::vector<float>(pixels),
                   std::vector<std::uint8_t>(pixels),
                   std::vector<std::vector<TextLabel>>(samples)};
    return work;
}

void Loader::make(std::uint64_t position, Batch& batch, std::size_t place) {
    Sample sample = sequence_.at(position);
    const std::size_t floats = batch.images.size() / static_cast<std::size_t>(batch.samples);
    normalise(sample.picture, options_.input,
              std::span(batch.images).subspan(place * floats, floats));
    put(sample.targets.probability, place, batch.probability);
    put(sample.targets.probability_mask, place, batch.probability_mask);
    put(sample.targets.threshold, place, batch.threshold);
    put(sample.targets.threshold_mask, place, batch.threshold_mask);
    batch.labels[place] = std::move(sample.labels);
}

}  // namespace dbnet::data
