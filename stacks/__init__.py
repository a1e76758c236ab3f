"""What a creator's file becomes in AWS: the CDK stacks, the functions' bundles and their synthesis."""
