#include "app/step_means.hpp"

namespace dbnet::app {

void StepMeans::add(const train::StepReport& report) {
    weight_ += 1;
    samples_ += report.samples;
    times_.data += report.times.data;
    times_.forward += report.times.forward;
    times_.backward += report.times.backward;
    times_.optimizer += report.times.optimizer;
    if (report.skipped) return;
    learnt_ += 1;
    losses_.total += report.losses.total;
    losses_.probability += report.losses.probability;
    losses_.threshold += report.losses.threshold;
    losses_.binary += report.losses.binary;
    losses_.teacher += report.losses.teacher;
    gradient_norm_ += report.gradient_norm;
}

train::StepLosses StepMeans::losses() const {
    return {losses_.total / learnt_, losses_.probability / learnt_, losses_.threshold / learnt_,
            losses_.binary / learnt_, losses_.teacher / learnt_};
}

double StepMeans::gradient_norm() const { return gradient_norm_ / learnt_; }

double StepMeans::images_per_second() const {
    return times_.total() > 0 ? samples_ / times_.total() : 0;
}

double StepMeans::seconds_per_step() const { return times_.total() / weight_; }

void StepMeans::fade(double factor) {
    for (double* const sum :
         {&weight_, &learnt_, &samples_, &losses_.total, &losses_.probability, &losses_.threshold,
          &losses_.binary, &losses_.teacher, &gradient_norm_, &times_.data, &times_.forward,
          &times_.backward, &times_.optimizer})
        *sum *= factor;
}

}  // namespace dbnet::app
