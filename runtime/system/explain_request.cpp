#include "runtime/system/explain_request.hpp"

#include "messages/actor_messages.hpp"

#include <caf/scoped_actor.hpp>

#include <utility>

namespace streamer {

std::map<assignment_epoch, partition_explained> ask_why(caf::actor_system& system,
                                                        const record_router& router,
                                                        const std::vector<assignment_epoch>& epochs,
                                                        std::chrono::milliseconds patience) {
  caf::scoped_actor self{system};
  const auto ask = [&](const partition_consumer_actor& whom) {
    return self->request<caf::message_priority::high>(whom, patience, explain_wanted{});
  };
  std::vector<decltype(ask(partition_consumer_actor{}))> asked;
  for (const auto epoch : epochs) {
    if (const auto whom = router.find(epoch)) {
      asked.push_back(ask(whom));
    }
  }
  std::map<assignment_epoch, partition_explained> answers;
  for (auto& answer : asked) {
    answer.receive(
        [&](partition_explained& said) { answers.insert_or_assign(said.epoch, std::move(said)); },
        [](const caf::error&) {}); // it is missing
  }
  return answers;
}

} // namespace streamer
