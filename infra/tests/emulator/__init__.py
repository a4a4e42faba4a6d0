"""An AWS account on this machine: moto, and before it what Terraform asks for and moto lacks.

Moto believes nearly everything that it is told: made-up ARNs pass, and no permission is checked.
What `services` add is given back as it was sent. An apply that succeeds here shows that the
provider accepts the configuration and that its graph is consistent, and the account can be read
back; that AWS would accept it too is not shown.
"""
