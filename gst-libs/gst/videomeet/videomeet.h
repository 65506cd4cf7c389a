/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/lifecycle/vmdiscoverystate.h>
#include <gst/videomeet/lifecycle/vmmeetingstate.h>
#include <gst/videomeet/lifecycle/vmparticipantstate.h>
#include <gst/videomeet/lifecycle/vmtransferstate.h>
#include <gst/videomeet/transfer/vmfilelane.h>
#include <gst/videomeet/transfer/vmfilequeue.h>
#include <gst/videomeet/transfer/vmfilereceiver.h>
#include <gst/videomeet/transfer/vmfilesender.h>
#include <gst/videomeet/transfer/vmtransfermeta.h>
#include <gst/videomeet/trust/vmidentity.h>
#include <gst/videomeet/trust/vmmediasession.h>
#include <gst/videomeet/trust/vmsigner.h>
#include <gst/videomeet/trust/vmtrustfacts.h>
#include <gst/videomeet/trust/vmtruststore.h>
#include <gst/videomeet/trust/vmverifier.h>
#include <gst/videomeet/vmapi.h>
#include <gst/videomeet/vmchatmessage.h>
#include <gst/videomeet/vmdevice.h>
#include <gst/videomeet/vmenums.h>
#include <gst/videomeet/vmerror.h>
#include <gst/videomeet/vmmeeting.h>
#include <gst/videomeet/vmnode.h>
#include <gst/videomeet/vmparticipant.h>
#include <gst/videomeet/vmtrustrequest.h>
#include <gst/videomeet/wire/vmsdp.h>
