/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/protocol.h"

/* The way to an SFU for meetings that have outgrown their mesh
 * (protocol/cloud.md). */
extern const VmServerProtocol vm_protocol_sfu;
