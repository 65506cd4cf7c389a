/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "options/options.h"
#include "ui/output.h"

/* What `videomeet doctor` finds out about this machine and its network. It
 * sends nothing but to the STUN and TURN servers of the command line. Main
 * thread; each check blocks for VMT_DOCTOR_TIME at most. */

#define VMT_DOCTOR_TIME 3000 /* ms that a server or a daemon may take */

typedef enum
{
  VMT_FOUND_GOOD,
  VMT_FOUND_WARNING, /* meetings work, but something in them does not */
  VMT_FOUND_BAD, /* a meeting fails */
  VMT_FOUND_SKIPPED, /* it was not asked for */
  VMT_FOUND_N
} VmtFound;

typedef struct
{
  const VmtOptions *options;
  VmtOutput *output;
  guint n[VMT_FOUND_N]; /* findings of each kind */
} VmtDoctor;

/* Tells one finding: as a line with @advice below it, or as
 * {"event":"check","check","result","message","advice", @details}.
 * @details (transfer full) (nullable); @advice (nullable): what to do. */
void vmt_doctor_tell (VmtDoctor *self, const gchar *check, VmtFound found,
    JsonObject *details, const gchar *advice, const gchar *format, ...)
    G_GNUC_PRINTF (6, 7);

/* doctor-network.c: interfaces, mdns, udp, port */
void vmt_doctor_check_network (VmtDoctor *self);
/* doctor-servers.c: stun, nat, turn */
void vmt_doctor_check_servers (VmtDoctor *self);
/* doctor-media.c: camera, microphone, elements, codecs */
void vmt_doctor_check_media (VmtDoctor *self);
/* doctor-system.c: clock, permissions */
void vmt_doctor_check_system (VmtDoctor *self);
