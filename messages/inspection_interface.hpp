#pragma once

#include "messages/inspection.hpp"

#include <caf/result.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

namespace streamer {

/// INSPECTOR: tells other processes of the supervision tree. Takes nothing that changes anything.
using inspector_actor = caf::typed_actor<caf::result<tree_snapshot>(snapshot_request)>;

} // namespace streamer

// A block of its own, far from the other: these numbers travel between versions.
CAF_BEGIN_TYPE_ID_BLOCK(streamer_inspection, caf::first_custom_type_id + 1000)
CAF_ADD_TYPE_ID(streamer_inspection, (streamer::snapshot_request))
CAF_ADD_TYPE_ID(streamer_inspection, (streamer::actor_snapshot))
CAF_ADD_TYPE_ID(streamer_inspection, (streamer::tree_snapshot))
CAF_ADD_TYPE_ID(streamer_inspection, (std::vector<streamer::actor_snapshot>))
CAF_END_TYPE_ID_BLOCK(streamer_inspection)
