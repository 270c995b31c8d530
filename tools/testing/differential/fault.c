// SPDX-License-Identifier: GPL-2.0
/* Faults in what the file says, to see that they are seen */
#include "run.h"

bool fault(const struct run *r, enum fault which)
{
	return r->file && (enum fault)options.fault == which;
}

void spoil_reply(struct run *r, const struct expected *x)
{
	if (fault(r, FAULT_BYTE) && last.hdr.type == XS_READ && last.hdr.len > 900)
		last.body[last.hdr.len - 1] ^= 1;
	if (fault(r, FAULT_LENGTH) && last.hdr.type == XS_DIRECTORY && last.hdr.len)
		last.hdr.len--;
	if (fault(r, FAULT_REQ_ID) && last.hdr.type == XS_GET_PERMS)
		last.hdr.req_id++;
	if (fault(r, FAULT_TX_ID) && last.hdr.type == XS_ERROR && x->tx_id)
		last.hdr.tx_id = 0;
	if (fault(r, FAULT_TYPE) && last.hdr.type == XS_SET_PERMS)
		last.hdr.type = XS_MKDIR;
}
