/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/protocol.h"

/* Native signalling on /ws (protocol §3). */
extern const VmServerProtocol vm_protocol_native;
