#include "base/metrics.h"

#include <mutex>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace baton {
namespace {

class PrometheusCounter final : public Counter {
 public:
  explicit PrometheusCounter(prometheus::Counter& counter) : counter_(counter) {}
  void Add(double amount) override { counter_.Increment(amount); }
  double value() const override { return counter_.Value(); }

 private:
  prometheus::Counter& counter_;
};

class PrometheusGauge final : public Gauge {
 public:
  explicit PrometheusGauge(prometheus::Gauge& gauge) : gauge_(gauge) {}
  void Set(double value) override { gauge_.Set(value); }
  void Add(double amount) override { gauge_.Increment(amount); }
  double value() const override { return gauge_.Value(); }

 private:
  prometheus::Gauge& gauge_;
};

class PrometheusHistogram final : public Histogram {
 public:
  explicit PrometheusHistogram(prometheus::Histogram& histogram) : histogram_(histogram) {}
  void Observe(double value) override { histogram_.Observe(value); }

 private:
  prometheus::Histogram& histogram_;
};

}  // namespace

struct MetricsRegistry::State {
  using Key = std::pair<std::string, MetricLabels>;

  template <typename Made, typename Map, typename Make>
  Made& GetOrMake(Map& map, const std::string& name, const MetricLabels& labels, Make make) {
    const std::lock_guard lock(mutex);
    auto& slot = map[Key(name, labels)];
    if (!slot) slot = make();
    return *slot;
  }

  std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();
  std::mutex mutex;
  std::map<Key, std::unique_ptr<PrometheusCounter>> counters;      // guarded by mutex
  std::map<Key, std::unique_ptr<PrometheusGauge>> gauges;          // guarded by mutex
  std::map<Key, std::unique_ptr<PrometheusHistogram>> histograms;  // guarded by mutex
};

MetricsRegistry::MetricsRegistry() : state_(std::make_unique<State>()) {}
MetricsRegistry::~MetricsRegistry() = default;

Counter& MetricsRegistry::GetCounter(const std::string& name, const std::string& help,
                                     const MetricLabels& labels) {
  return state_->GetOrMake<PrometheusCounter>(state_->counters, name, labels, [&] {
    auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(*state_->registry);
    return std::make_unique<PrometheusCounter>(family.Add(labels));
  });
}

Gauge& MetricsRegistry::GetGauge(const std::string& name, const std::string& help,
                                 const MetricLabels& labels) {
  return state_->GetOrMake<PrometheusGauge>(state_->gauges, name, labels, [&] {
    auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(*state_->registry);
    return std::make_unique<PrometheusGauge>(family.Add(labels));
  });
}

Histogram& MetricsRegistry::GetHistogram(const std::string& name, const std::string& help,
                                         const std::vector<double>& bounds,
                                         const MetricLabels& labels) {
  return state_->GetOrMake<PrometheusHistogram>(state_->histograms, name, labels, [&] {
    auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(*state_->registry);
    return std::make_unique<PrometheusHistogram>(family.Add(labels, bounds));
  });
}

std::string MetricsRegistry::Render() const {
  return prometheus::TextSerializer().Serialize(state_->registry->Collect());
}

}  // namespace baton
